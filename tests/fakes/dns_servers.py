"""Our name server as a process of its own, as `python -m brb_dns serve --zones-file` starts it."""

import json
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType

from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.records import Snapshot
from brb_dns.zone.snapshot_file import write_snapshot
from brb_shared.testing.nameservers import AnsweringServer
from brb_shared.testing.servers import free_port

_UNLIMITED = MappingProxyType({f"RATE_LIMIT_{account}": "0" for account in ("ANSWERS", "NODATA", "NXDOMAIN", "ERRORS")})


class OurNameServer(AnsweringServer):
    """On one UDP and TCP port of 127.0.0.1, with one worker; without rate limiting, unless `settings` say otherwise.

    `settings`: names of `ServerSettings`, in capitals and without their prefix.
    """

    name = "brb-dns"

    def __init__(self, zone: ZoneConfig, snapshot: Snapshot, settings: Mapping[str, str] = _UNLIMITED) -> None:
        super().__init__()
        self.status_port = free_port()
        self._settings = {**_UNLIMITED, **settings}
        self._zones = self.folder / "zones.json"
        self._zones.write_text(json.dumps({"zones": [zone.model_dump(mode="json")]}))
        write_snapshot(self.folder / "snapshot.json", snapshot)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "brb_dns", "serve", "--zones-file", str(self._zones)]

    def environment(self) -> dict[str, str]:
        settings = {
            "LISTEN": json.dumps([f"127.0.0.1:{self.port}"]),
            "SNAPSHOT_FILE": str(self.folder / "snapshot.json"),
            "STATUS_LISTEN": f"127.0.0.1:{self.status_port}",
            **self._settings,
        }
        return dict(os.environ) | {f"BRB_DNS_{name}": value for name, value in settings.items()}
