"""The last snapshot on disk: what a server answers from when everything else of the platform is down."""

import os
import tempfile
from pathlib import Path

from pydantic import ValidationError

from brb_dns.zone.errors import UnreadableSnapshot
from brb_dns.zone.records import Snapshot


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Atomic and durable: a reader sees the old file or the new one, whole, even after a power failure."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(snapshot.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def read_snapshot(path: Path) -> Snapshot | None:
    """None if there is no file. Raises UnreadableSnapshot."""
    try:
        return Snapshot.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        raise UnreadableSnapshot(f"{path}: {error}; remove it to start from an empty one") from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
