"""Command line of `sandbox/mirror/build`."""

import argparse
import sys

from builder import cache, catalog, progress
from builder.compile import is_built
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
    parser.add_argument(
        "--newest", action="store_true", help="the newest, and the others only where the cache has them: half the time"
    )
    arguments = parser.parse_args()
    chosen = [each for each in catalog.KUBERNETES if each.version in (arguments.kubernetes or versions)]
    try:
        with cache.lock():
            go = ensure_go()
            if arguments.newest:
                chosen = [chosen[0], *(each for each in chosen[1:] if is_built(each.build, go))]
            mirror = ensure_mirror(chosen, go)
            ensure_server_image(mirror)
    except BuildError as error:
        print(f"sandbox/mirror/build: {error}", file=sys.stderr)
        return 1
    progress.say(f"the mirror is built: {mirror.tree}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
