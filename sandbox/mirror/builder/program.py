"""Builds one Go program of a module with a committed go.sum, keeps it in the cache, and prints its path. For tests.

    python3 -m builder.program FOLDER PACKAGE      in sandbox/mirror; FOLDER has go.mod and go.sum

It does not wait for a build of the mirror: it has a lock of its own, a program.
"""

import argparse
import contextlib
import fcntl
import sys
from collections.abc import Iterator
from pathlib import Path

from builder import cache
from builder.commands import run
from builder.toolchain import Go, ensure_go

_FLAGS = ("-trimpath", "-ldflags=-s -w")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("package")
    arguments = parser.parse_args()
    with contextlib.redirect_stdout(sys.stderr):
        program = ensure_program(arguments.folder.resolve(), arguments.package)
    print(program)


def ensure_program(folder: Path, package: str) -> Path:
    name = Path(package).name if package != "." else folder.name
    with _lock(name):
        go = ensure_go()
        sources = [path for path in folder.rglob("*") if path.suffix in (".go", ".mod", ".sum")]
        inputs = cache.hash_of([go.version, package, *_FLAGS], sources)
        return cache.ensure(f"test-{name}", inputs, lambda target: _build(go, folder, package, target / name)) / name


def _build(go: Go, folder: Path, package: str, target: Path) -> None:
    command = ["nice", go.program, "build", "-mod=readonly", *_FLAGS, "-o", target, package]
    run(command, cwd=folder, env=go.environment())


@contextlib.contextmanager
def _lock(name: str) -> Iterator[None]:
    with (cache.folder() / f".test-{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    main()
