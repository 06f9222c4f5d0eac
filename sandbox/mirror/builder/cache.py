"""The folder of things that were built, each under its name and a hash of what it was made from."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from builder import progress


def folder() -> Path:
    """`$BRB_CACHE`, else /var/cache/brb, else the user's own: as the sandbox's shell scripts choose it."""
    chosen = Path(os.environ.get("BRB_CACHE", "/var/cache/brb"))
    try:
        chosen.mkdir(parents=True, exist_ok=True)
    except PermissionError:
        chosen = Path.home() / ".cache" / "brb"
        chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def hash_of(words: Iterable[str], files: Iterable[Path] = ()) -> str:
    """16 hex digits over words, and names and contents of files; the order of files does not matter."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(f"{word}\0".encode())
    for file in sorted(files):
        digest.update(f"{file.name}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


@contextmanager
def lock() -> Iterator[None]:
    """One build at a time: a second one waits, and then finds in the cache what the first has built."""
    with (folder() / ".mirror.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("another build runs; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure(name: str, inputs: str, make: Callable[[Path], None], *, keep_earlier: bool = False) -> Path:
    """The folder NAME-INPUTS, filled by `make` if it is not there. Earlier ones of the same name are removed then.

    It appears in one step: a build that is broken off leaves nothing that looks finished.
    """
    target = folder() / f"{name}-{inputs}"
    if target.is_dir():
        return target
    with progress.step(name):
        part = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder()))
        try:
            make(part)
            part.chmod(0o755)
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    if keep_earlier:
        return target
    for earlier in folder().glob(f"{name}-{'[0-9a-f]' * 16}"):
        if earlier != target:
            shutil.rmtree(earlier)
    return target
