"""The image `brb/mirror`: the server alone. What it serves is mounted from the cache, not copied into the engine."""

import tempfile
from pathlib import Path
from shutil import copyfile

from builder import cache
from builder.commands import run
from builder.errors import CommandFailed
from builder.tree import Mirror

IMAGE = "brb/mirror"
CURRENT = "mirror-current"

DOCKERFILE = """\
FROM scratch
COPY mirror-server /mirror-server
EXPOSE 80 5000
ENTRYPOINT ["/mirror-server", "-files", "/srv/files", "-images", "/srv/images"]
"""


def ensure_server_image(mirror: Mirror) -> None:
    """The image in Docker's store, and the link `mirror-current` in the cache to what it is to serve. Idempotent."""
    inputs = cache.hash_of([DOCKERFILE], [mirror.server / "mirror-server"])
    if _label() != inputs:
        with tempfile.TemporaryDirectory() as context:
            (Path(context) / "Dockerfile").write_text(DOCKERFILE)
            program = Path(context) / "mirror-server"
            copyfile(mirror.server / "mirror-server", program)
            program.chmod(0o755)
            run(["docker", "build", "-q", "-t", IMAGE, "--label", f"brb.inputs={inputs}", context])
    link, part = cache.folder() / CURRENT, cache.folder() / f".{CURRENT}"
    part.unlink(missing_ok=True)
    part.symlink_to(mirror.tree.name)
    part.rename(link)


def _label() -> str:
    try:
        return run(["docker", "image", "inspect", "-f", '{{index .Config.Labels "brb.inputs"}}', IMAGE]).strip()
    except CommandFailed:
        return ""
