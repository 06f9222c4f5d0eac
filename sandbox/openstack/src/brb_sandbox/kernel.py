"""Prepare the container's view of the kernel: mounts, cgroups, sysctls, device nodes.

Everything here is idempotent and is repeated at every start of the container.
"""

import os
import shutil
import stat
from pathlib import Path

from brb_sandbox.commands import run
from brb_sandbox.places import RUN

_CGROUPS = Path("/sys/fs/cgroup")
_STALE = (Path("/run/brb-runc"), Path("/run/netns"), Path("/run/ovn"), Path("/run/openvswitch"), RUN)


def prepare() -> None:
    """Make a started container ready for nested containers and the userspace switch."""
    remove_leftovers()
    run("mount", "--make-rshared", "/")
    make_writable(Path("/sys"))
    if (_CGROUPS / "cgroup.controllers").exists():
        delegate_cgroups_v2()
    else:
        for hierarchy in _CGROUPS.iterdir():
            if hierarchy.is_mount():
                make_writable(hierarchy)
    ensure_node("/dev/net/tun", 10, 200)
    set_sysctls()


def remove_leftovers() -> None:
    """Namespaces, runc state and pid files of this container's last run; with them, servers would not resume."""
    for path in _STALE:
        shutil.rmtree(path, ignore_errors=True)
    for pid_file in Path("/run").glob("*.pid"):
        pid_file.unlink()


def make_writable(mount_point: Path) -> None:
    """Docker mounts these read-only where --privileged is not to be had."""
    run("mount", "-o", "remount,bind,rw", str(mount_point))


def delegate_cgroups_v2() -> None:
    """cgroup v2 allows processes only in leaves: move ours to one and pass the controllers on, as kind does."""
    make_writable(_CGROUPS)
    leaf = _CGROUPS / "init"
    leaf.mkdir(exist_ok=True)
    for pid in (_CGROUPS / "cgroup.procs").read_text().split():
        (leaf / "cgroup.procs").write_text(pid)
    controllers = " ".join(f"+{name}" for name in (_CGROUPS / "cgroup.controllers").read_text().split())
    servers = _CGROUPS / "brb"
    servers.mkdir(exist_ok=True)
    for group in (_CGROUPS, servers):
        (group / "cgroup.subtree_control").write_text(controllers)


def ensure_node(path: str, major: int, minor: int) -> None:
    """A character device node."""
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(major, minor))


def set_sysctls() -> None:
    """Routing between the public network and Docker's; more inotify instances than one machine needs (host-wide)."""
    run(
        "sysctl",
        "-qw",
        "net.ipv4.ip_forward=1",
        "net.ipv4.conf.eth0.proxy_arp=1",
        "net.ipv4.conf.all.rp_filter=0",
        "fs.inotify.max_user_instances=8192",
        "fs.inotify.max_user_watches=1048576",
    )
    # a server's metadata request is answered in its own namespace; one that strays must not leave this container
    run("ip", "route", "replace", "prohibit", "169.254.0.0/16")
