"""Files that hold secrets."""

import os
import tempfile
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write with mode 0600, in one step: a reader sees the old file or the new one. A link is followed."""
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
