"""Programs of Debian packages for tests and benchmarks: those of the system, else unpacked into the cache.

Unpacked, not installed: no service is started, no user made, nothing outside the cache changes, and root is not needed.
Packages are fetched by apt with lists of its own, so that a machine whose lists were never fetched serves as well.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_SYSTEM = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
_FOLDERS = ("usr/sbin", "usr/bin", "sbin", "bin")
_TIMEOUT_SECONDS = 600


class MissingPrograms(Exception):
    """Says what to install."""


@dataclass(frozen=True)
class Programs:
    """Where programs are, and the environment in which they find their libraries. `root` is None for the system's."""

    paths: Mapping[str, str]
    root: Path | None

    def __getitem__(self, program: str) -> str:
        return self.paths[program]

    def environment(self) -> dict[str, str]:
        if self.root is None:
            return dict(os.environ)
        libraries = os.pathsep.join(str(folder) for folder in (self.root / "usr/lib").glob("*-linux-gnu*"))
        return dict(os.environ) | {"LD_LIBRARY_PATH": libraries}

    def modules(self, name: str) -> str | None:
        """The folder of a program's loadable modules, where it is not the one that the program expects."""
        if self.root is None:
            return None
        return next((str(folder) for folder in (self.root / "usr/lib").glob(f"*-linux-gnu*/{name}")), None)


def ensure_programs(wanted: Mapping[str, str], *packages: str) -> Programs:
    """`wanted` says for each program which package has it; `packages` are more that they need. Idempotent.

    Raises MissingPrograms where they are neither installed nor to be had by apt.
    """
    found = {program: path for program in wanted if (path := shutil.which(program, path=_SYSTEM))}
    if len(found) == len(wanted) and not packages:
        return Programs(found, None)
    root = _ensure_unpacked(sorted({*wanted.values(), *packages}))
    paths = {program: unpacked or found.get(program) for program in wanted for unpacked in [_unpacked(root, program)]}
    if absent := [program for program, path in paths.items() if path is None]:
        raise MissingPrograms(f"the packages {', '.join(wanted.values())} do not hold {', '.join(absent)}")
    return Programs({program: path for program, path in paths.items() if path}, root)


def _unpacked(root: Path, program: str) -> str | None:
    return next((str(path) for folder in _FOLDERS if (path := root / folder / program).is_file()), None)


def _ensure_unpacked(packages: list[str]) -> Path:
    release = Path("/etc/os-release")
    words = " ".join((*packages, platform.machine(), release.read_text() if release.exists() else ""))
    target = _cache() / f"debian-{hashlib.sha256(words.encode()).hexdigest()[:16]}"
    with _lock():
        if not target.is_dir():
            _unpack(packages, target)
    return target


def _unpack(packages: list[str], target: Path) -> None:
    """Appears in one step: what is broken off leaves nothing that looks finished."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise MissingPrograms(f"please install {' '.join(packages)} (names of Debian's packages)")
    with tempfile.TemporaryDirectory(prefix=".debian-", dir=_cache()) as temporary:
        folder = Path(temporary)
        for archive in _download(packages, folder):
            _run(["dpkg-deb", "-x", str(archive), str(folder / "root")], packages)
        (folder / "root").chmod(0o755)
        (folder / "root").rename(target)


def _download(packages: list[str], folder: Path) -> list[Path]:
    """The packages and what they need beyond what is installed."""
    for part in ("lists/partial", "archives/partial"):
        (folder / part).mkdir(parents=True)
    options = ["-qq", "-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache::archives={folder}/archives",
               "-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1"]  # fmt: skip
    _run(["apt-get", *options, "update"], packages)
    _run(
        ["apt-get", *options, "install", "-y", "--reinstall", "--download-only", "--no-install-recommends", *packages],
        packages,
    )
    return sorted((folder / "archives").glob("*.deb"))


def _run(command: list[str], packages: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
    if done.returncode != 0:
        raise MissingPrograms(f"please install {' '.join(packages)}; apt could not: {done.stderr.strip()[-500:]}")


def _cache() -> Path:
    """`$BRB_CACHE`, else /var/cache/brb, else the user's own."""
    chosen = Path(os.environ.get("BRB_CACHE", "/var/cache/brb"))
    with suppress(PermissionError):
        chosen.mkdir(parents=True, exist_ok=True)
    if not os.access(chosen, os.W_OK):
        chosen = Path.home() / ".cache/brb"
        chosen.mkdir(parents=True, exist_ok=True)
    return chosen


@contextmanager
def _lock() -> Iterator[None]:
    with (_cache() / ".debian.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
