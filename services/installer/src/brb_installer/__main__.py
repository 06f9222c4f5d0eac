"""`python -m brb_installer migrate | serve | work`"""

import asyncio
import sys

import uvicorn

from brb_installer.app import build_app, load_settings, migrate, work

_USAGE = "usage: python -m brb_installer migrate | serve | work"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in ("migrate", "serve", "work"):
        print(_USAGE, file=sys.stderr)
        return 2
    settings = load_settings()
    match arguments[0]:
        case "migrate":
            asyncio.run(migrate(settings))
        case "serve":
            uvicorn.run(build_app(settings), host=settings.host, port=settings.port, log_config=None)
        case "work":
            asyncio.run(work(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
