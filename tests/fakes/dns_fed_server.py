"""A supervisor whose changes come as lines on standard input: `replace <Snapshot>` and `apply <Change>`, as JSON.

Signed messages are answered by the first label of their question: `three` with three copies of the message,
`nothing` not at all, `failing` by an error of its own, `never` never.
"""

import asyncio
import sys

from brb_dns.server.command import install_signals
from brb_dns.server.configuration import load_zones
from brb_dns.server.settings import ServerSettings
from brb_dns.server.supervisor import Supervisor
from brb_dns.zone.records import Change, Snapshot
from brb_shared.observability import configure_logging


async def on_signed(wire: bytes, transport: str, peer: tuple[str, int]) -> list[bytes] | None:
    copy = wire[:2] + b"\xa8" + wire[3:]
    match wire[13 : 13 + wire[12]]:
        case b"three":
            return [copy, copy, copy]
        case b"failing":
            raise OSError("the control API is down")
        case b"never":
            await asyncio.Event().wait()
    return None


async def main() -> None:
    settings = ServerSettings()
    configure_logging("dns", settings.log_level, json=True)
    supervisor = Supervisor(settings, load_zones(settings), on_signed)
    install_signals(supervisor)
    supervisor.bind()

    reader = asyncio.StreamReader(limit=1 << 26)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    feeding = asyncio.create_task(feed(supervisor, reader))
    await supervisor.run()
    feeding.cancel()


async def feed(supervisor: Supervisor, reader: asyncio.StreamReader) -> None:
    async for line in reader:
        kind, _, payload = line.decode().partition(" ")
        if kind == "replace":
            supervisor.replace(Snapshot.model_validate_json(payload))
        else:
            supervisor.apply(Change.model_validate_json(payload))


if __name__ == "__main__":
    asyncio.run(main())
