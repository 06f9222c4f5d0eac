"""Forking a worker off the supervisor, and what both need for it.

A fork, not a new program: the worker has the zones in memory at once, and needs no file that an account without
privileges may not read.
"""

import asyncio
import gc
import grp
import os
import pwd
import signal
from contextlib import suppress

import structlog

from brb_dns.server.worker import Start, Worker

log = structlog.get_logger()


def fork_worker(start: Start) -> int:
    """The child's process id; the child does not return."""
    pid = os.fork()
    if pid:
        return pid
    try:
        _become_worker(start)
    finally:
        os._exit(1)


def hurry(nice: int) -> None:
    """This process and what it forks go before others on the host, where it may say so (root, CAP_SYS_NICE). 0: no."""
    if nice and nice < os.getpriority(os.PRIO_PROCESS, 0):
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, nice)


def become(user: str) -> None:
    """Give up root for good. Raises PermissionError without root, KeyError for an unknown account."""
    account = pwd.getpwnam(user)
    if os.geteuid() == account.pw_uid:
        return
    os.setgroups([group.gr_gid for group in grp.getgrall() if user in group.gr_mem])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)


def _become_worker(start: Start) -> None:
    """Everything of the supervisor's but memory is let go: its files, its connections, its signals."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _close_all_but({0, 1, 2, start.channel.fileno(), *(sock.fileno() for sock in start.listeners)})
    gc.freeze()  # what was inherited is not collected: no pause for a look through all records, no page copied for it
    try:
        with asyncio.Runner() as runner:
            runner.run(Worker(start).run())
    except BaseException:  # the supervisor starts another one
        log.exception("The worker failed")
        os._exit(1)
    os._exit(0)


def _close_all_but(kept: set[int]) -> None:
    for descriptor in {int(name) for name in os.listdir("/proc/self/fd")} - kept:
        with suppress(OSError):  # the listing's own
            os.close(descriptor)
