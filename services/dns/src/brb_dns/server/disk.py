"""Keeps the file of the last snapshot current, off the loop, many changes in one write."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import structlog

from brb_dns.server.configuration import ConfigurationError
from brb_dns.zone.errors import UnreadableSnapshot
from brb_dns.zone.records import Snapshot
from brb_dns.zone.snapshot_file import read_snapshot, write_snapshot

log = structlog.get_logger()

_RETRY_SECONDS = 5.0


class SnapshotKeeper:
    def __init__(self, path: Path | None, delay_seconds: float, current: Callable[[], Snapshot]) -> None:
        self._path = path
        self._delay_seconds = delay_seconds
        self._current = current
        self._changed = asyncio.Event()

    def mark(self) -> None:
        """The snapshot has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled; then what is not written yet is written."""
        if self._path is None:
            return
        try:
            while True:
                await self._changed.wait()
                await asyncio.sleep(self._delay_seconds)
                self._changed.clear()
                await self._write(self._path)
        finally:
            if self._changed.is_set():
                write_snapshot(self._path, self._current())

    async def _write(self, path: Path) -> None:
        try:
            await asyncio.to_thread(write_snapshot, path, self._current())
        except OSError as error:
            log.error("Could not write the snapshot; trying again", path=str(path), error=str(error))
            await asyncio.sleep(_RETRY_SECONDS)
            self._changed.set()


def require_writable(path: Path | None) -> None:
    """Raises ConfigurationError if the snapshot could not be kept."""
    if path is not None and not os.access(path.parent, os.W_OK):
        raise ConfigurationError(
            f"snapshot_file: this account may not write to {path.parent}, or there is no such folder"
        )


def load_snapshot(path: Path | None) -> Snapshot:
    """What was kept; an empty one if there is none or it is damaged: names with addresses are answered all the same."""
    try:
        return (path and read_snapshot(path)) or Snapshot()
    except UnreadableSnapshot as error:
        log.error("Starting without the kept records", error=str(error))
        return Snapshot()
