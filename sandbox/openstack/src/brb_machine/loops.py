"""Loop devices. They belong to the host's kernel: many threads, other containers and guests take them, too."""

import contextlib
import os
import stat
import threading
import time

from nova import exception
from nova.virt.brb_machine.shell import attempt, run

NODES = 128
"""Device nodes made beforehand, here and in every guest: losetup only sees devices that have one."""

_MAJOR = 7
_lock = threading.Lock()


def ensure_nodes():
    for number in range(NODES):
        _ensure_node(number)


def attach(path):
    """The loop device over `path`: the one it has, or a new one."""
    with _lock:
        for _ in range(50):
            attached = devices_of(path)
            if attached:
                return attached[0]
            # looking for a free one and taking it are two steps, and others look, too
            free = run("losetup", "--find")
            _ensure_node(int(free.removeprefix("/dev/loop")))
            if attempt("losetup", free, path):
                return free
            time.sleep(0.05)
    raise exception.NovaException(f"no free loop device for {path}")


def devices_of(path):
    """The loop devices over a file."""
    if not os.path.exists(path):
        return []
    return run("losetup", "--noheadings", "--output", "NAME", "--associated", path).split()


def detach_all_of(path):
    """Once free, a loop device in use goes with its last user."""
    for device in devices_of(path):
        attempt("losetup", "--detach", device)


def refresh(path):
    """Tell the devices over a file that it has grown."""
    for device in devices_of(path):
        run("losetup", "--set-capacity", device)


def detach_all_on(file_systems):
    """Detach the devices whose files lie on one of these file systems ("major:minor").

    The kubelet leaves devices behind over the files of Block volumes inside the guest.
    """
    for line in run("losetup", "--list", "--noheadings", "--raw", "--output", "NAME,BACK-MAJ:MIN").splitlines():
        device, _, file_system = line.partition(" ")
        if file_system.strip() in file_systems:
            attempt("losetup", "--detach", device)


def _ensure_node(number):
    path = f"/dev/loop{number}"
    if not os.path.exists(path):
        with contextlib.suppress(FileExistsError):  # another thread was quicker
            os.mknod(path, 0o660 | stat.S_IFBLK, os.makedev(_MAJOR, number))
