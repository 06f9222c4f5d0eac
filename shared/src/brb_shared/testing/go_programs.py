"""Go programs that tests measure ourselves against: built once from a module with a committed go.sum, then cached."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[4]
_BUILDER = _ROOT / "sandbox" / "mirror"
_PYTHONS = (_ROOT / ".tools/bin/python", Path(sys.base_prefix) / "bin" / "python3")
_BUILD_SECONDS = 900


class BuildFailed(Exception):
    """With the end of the builder's output."""


def go_program(folder: Path, package: str = ".") -> Path:
    """The program of `package` in the module at `folder`, kept in `$BRB_CACHE` under the hash of its inputs.

    It runs the sandbox's builder, which finds or fetches a Go toolchain: with a Python that has pip, as this
    environment's may not. Raises BuildFailed.
    """
    python = next(path for path in _PYTHONS if path.exists())
    command: list[str | Path] = [python, "-m", "builder.program", folder, package]
    built = subprocess.run(command, cwd=_BUILDER, capture_output=True, text=True, timeout=_BUILD_SECONDS)
    if built.returncode != 0:
        raise BuildFailed(built.stderr[-2000:])
    return Path(built.stdout.strip())
