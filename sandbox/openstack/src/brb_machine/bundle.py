"""The OCI bundle of a server: what runc starts."""

import json
import os

from nova.virt.brb_machine import loops
from nova.virt.brb_machine.interfaces import namespace_of

_CAPABILITIES = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
"""In the kernel's order."""

_MACHINE_INIT = "/usr/local/sbin/brb-machine-init"
_PLAIN_INIT = ("/bin/sh", "-c", "mount --make-rshared / && exec /sbin/init")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def write(directory, uuid, hostname, memory_mib, cores):
    """config.json in the server's directory, whose `root` is its mounted disk."""
    spec = {
        "ociVersion": "1.0.2",
        "hostname": hostname,
        "root": {"path": "root", "readonly": False},
        "process": _render_init(directory),
        "mounts": _render_mounts(),
        "linux": _render_linux(uuid, memory_mib, cores),
    }
    with open(os.path.join(directory, "config.json"), "w") as file:
        json.dump(spec, file, indent=1)


def _render_init(directory):
    has_own = os.path.exists(os.path.join(directory, "root", _MACHINE_INIT.lstrip("/")))
    capabilities = _available_capabilities()
    return {
        "terminal": True,
        "user": {"uid": 0, "gid": 0},
        "cwd": "/",
        "args": [_MACHINE_INIT] if has_own else list(_PLAIN_INIT),
        "env": [f"PATH={_PATH}", "TERM=dumb", "container=brb", "product_name=OpenStack Nova"],
        "capabilities": dict.fromkeys(("bounding", "effective", "permitted", "inheritable"), capabilities),
    }


def _available_capabilities():
    """All that this container has itself."""
    with open("/proc/self/status") as status:
        bounding = int(next(line for line in status if line.startswith("CapBnd")).split()[1], 16)
    return [f"CAP_{name}" for number, name in enumerate(_CAPABILITIES.split()) if bounding >> number & 1]


def _render_mounts():
    return [
        _mount("/proc", "proc", "proc", "nosuid", "noexec", "nodev"),
        # read-only: that is how systemd knows that udev is not its business here
        _mount("/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        _mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "rw"),
        _mount("/dev", "tmpfs", "tmpfs", "nosuid", "mode=755", "size=65536k"),
        _mount(
            "/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"
        ),
        _mount("/dev/shm", "tmpfs", "shm", "nosuid", "nodev", "mode=1777"),
        _mount("/dev/mqueue", "mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        _mount("/run", "tmpfs", "tmpfs", "nosuid", "nodev", "mode=755"),
        _mount("/run/lock", "tmpfs", "tmpfs", "nosuid", "nodev"),
        _mount("/tmp", "tmpfs", "tmpfs", "nosuid", "nodev", "mode=1777"),
    ]


def _mount(destination, kind, source, *options):
    return {"destination": destination, "type": kind, "source": source, "options": list(options)}


def _render_linux(uuid, memory_mib, cores):
    namespaces = [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "cgroup")]
    namespaces.append({"type": "network", "path": f"/run/netns/{namespace_of(uuid)}"})
    return {
        "rootfsPropagation": "rshared",
        "cgroupsPath": f"/brb/{uuid}",
        "namespaces": namespaces,
        "devices": _render_devices(),
        "resources": {
            "devices": [{"allow": True, "access": "rwm"}],
            "memory": {"limit": memory_mib << 20},
            "cpu": {"quota": cores * 100000, "period": 100000},
        },
    }


def _render_devices():
    """What a machine has: for containerd, fuse, VPNs, and for the kubelet's Block volumes loop devices."""
    return [
        _device("/dev/kmsg", "c", 1, 11, 0o644),
        _device("/dev/fuse", "c", 10, 229, 0o666),
        _device("/dev/net/tun", "c", 10, 200, 0o666),
        _device("/dev/loop-control", "c", 10, 237, 0o660),
        *(_device(f"/dev/loop{number}", "b", 7, number, 0o660) for number in range(loops.NODES)),
    ]


def _device(path, kind, major, minor, mode):
    return {"path": path, "type": kind, "major": major, "minor": minor, "fileMode": mode}
