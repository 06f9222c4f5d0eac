"""Command line of `sandbox/mirror/build`."""

import argparse
import sys

from builder import cache, catalog, progress
from builder.errors import BuildError
from builder.server_image import ensure_server_image
from builder.toolchain import ensure_go
from builder.tree import ensure_mirror


def main() -> int:
    versions = [release.version for release in catalog.KUBERNETES]
    parser = argparse.ArgumentParser(prog="sandbox/mirror/build", description="Build all that the mirror serves.")
    parser.add_argument(
        "--kubernetes", action="append", choices=versions, metavar="VERSION", help=f"only this one of {versions}"
    )
    chosen = parser.parse_args().kubernetes or versions
    try:
        with cache.lock():
            mirror = ensure_mirror([each for each in catalog.KUBERNETES if each.version in chosen], ensure_go())
            ensure_server_image(mirror)
    except BuildError as error:
        print(f"sandbox/mirror/build: {error}", file=sys.stderr)
        return 1
    progress.say(f"the mirror is built: {mirror.tree}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
