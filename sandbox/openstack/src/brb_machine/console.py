"""Consoles: the master side of each server's pty, copied to console.log by one thread.

systemd, journald and cloud-init write to /dev/console, which must be a terminal. If nova-compute restarts, running
servers lose their console (their log goes on with their next start); nothing else depends on it.
"""

import fcntl
import os
import selectors
import socket
import struct
import termios
import threading

MAXIMUM_BYTES = 1 << 20
"""A log is cut to its newer half when it grows beyond this."""

_COLUMNS = 200
"""Wide enough for systemd to write its lines in full."""

_TIOCGPTPEER = 0x5441
"""Opens a terminal's other side from its master, whichever devpts it belongs to (ioctl_tty(2))."""


class Consoles:
    """One reader for all servers' consoles."""

    def __init__(self):
        self._selector = selectors.DefaultSelector()
        self._terminals = {}
        threading.Thread(target=self._copy_forever, daemon=True).start()

    def add(self, uuid, master_fd, log_path):
        """Copy what the terminal says to the end of the log, until `remove`.

        The other side is held open here, too: systemd opens the console anew for every line, and a terminal that
        nobody has open answers EIO. A reader that gives up would let every line block for a second.
        """
        self.remove(uuid)
        other_side = fcntl.ioctl(master_fd, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(master_fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, _COLUMNS, 0, 0))
        self._terminals[uuid] = (master_fd, other_side)
        self._selector.register(master_fd, selectors.EVENT_READ, log_path)

    def remove(self, uuid):
        """Stop copying. Idempotent."""
        if uuid in self._terminals:
            master_fd, other_side = self._terminals.pop(uuid)
            self._selector.unregister(master_fd)
            os.close(master_fd)
            os.close(other_side)

    def _copy_forever(self):
        while True:
            for key, _ in self._selector.select(0.2):
                try:
                    _append(key.data, os.read(key.fd, 65536))
                except OSError:
                    continue  # removed meanwhile


class ConsoleSocket:
    """The socket on which runc hands over the terminal's master side. Use as a context manager."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        _unlink(self.path)
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(self.path)
        self._listening.listen(1)
        self._listening.settimeout(10)
        return self

    def receive(self):
        """The file descriptor that runc sent."""
        connection, _ = self._listening.accept()
        with connection:
            _, descriptors, _, _ = socket.recv_fds(connection, 4096, 1)
        return descriptors[0]

    def __exit__(self, *error):
        self._listening.close()
        _unlink(self.path)


def read_end(log_path, length=256 * 1024):
    try:
        with open(log_path, "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - length))
            return log.read()
    except FileNotFoundError:
        return b""


def _append(log_path, text):
    try:
        with open(log_path, "r+b" if os.path.exists(log_path) else "w+b") as log:
            size = log.seek(0, os.SEEK_END)
            if size > MAXIMUM_BYTES:
                log.seek(size // 2)
                newer = log.read()
                log.seek(0)
                log.write(newer)
                log.truncate()
            log.write(text)
    except FileNotFoundError:
        pass  # the server is being deleted


def _unlink(path):
    if os.path.exists(path):
        os.unlink(path)
