"""`python -m brb_dns migrate | serve | work | answer | transfer-key | serve --zone NAME …`.

`answer` is the zone's servers, fed by the rest of the service; `serve --zone` the servers alone, without any of it;
`transfer-key` makes a key by which the operator's secondary may transfer all records.
"""

import asyncio
import sys

from brb_dns.server import command


def main(arguments: list[str]) -> int:
    """What answers queries loads nothing of the rest: it starts at once, and each of its processes stays small."""
    match arguments:
        case ["serve", _, *_]:
            return command.main(arguments[1:])
        case ["answer"]:
            from brb_dns.answer import answer

            asyncio.run(answer())
            return 0

    from brb_dns import app
    from brb_shared.process import Process

    if arguments == ["transfer-key"]:
        print(asyncio.run(app.make_transfer_key(app.load_settings())), end="")
        return 0
    return Process("brb_dns", app.load_settings, app.migrate, app.build_app, app.work).main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
