"""Running other programs. Their output is shown only when they fail."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from builder.errors import CommandFailed, MissingTool

LAST_LINES = 25


def run(arguments: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Standard output of a program that succeeds. Raises CommandFailed with the end of its output otherwise."""
    words = [str(argument) for argument in arguments]
    try:
        ended = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    except FileNotFoundError as missing:
        raise MissingTool(f"{words[0]} is not installed") from missing
    if ended.returncode != 0:
        output = "\n".join((ended.stdout + ended.stderr).splitlines()[-LAST_LINES:])
        raise CommandFailed(f"{' '.join(words[:4])} … ended with {ended.returncode}:\n{output}")
    return ended.stdout
