"""Authoritative name servers of others, to compare ours with: NSD, Knot and PowerDNS on loopback, Debian's packages.

Each serves one zone from the text of a zone file, in a folder of its own; the system's configuration is not read.
"""

import secrets
import socket
from dataclasses import dataclass

from brb_shared.testing.debian import Programs, ensure_programs
from brb_shared.testing.servers import Server

LOOPBACK = "127.0.0.1"
_PROBE_SECONDS = 0.5
_QUERY = bytes.fromhex("0001 0000 0001 0000 0000 0000 00 0006 0001")
"""For the root's SOA: refused by whoever does not have it."""


@dataclass(frozen=True)
class Limits:
    """Rate limiting: answers a second to one network of 256 addresses (0: off); one in `slip` goes out truncated."""

    answers_per_second: int = 0
    slip: int = 2


class AnsweringServer(Server):
    """Has started once it answers a query by UDP, whatever it says: its port may be open before it answers."""

    def _answers(self) -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(_PROBE_SECONDS)
            try:
                probe.connect((LOOPBACK, self.port))
                probe.send(_QUERY)
                return len(probe.recv(512)) > 0
            except OSError:
                return False


class NameServer(AnsweringServer):
    """One zone on one UDP and TCP port of 127.0.0.1. Cookies and NSID are on where the server has them."""

    def __init__(self, zone: str, records: str, limits: Limits = Limits()) -> None:
        super().__init__()
        self.zone, self.limits = zone, limits
        self.zone_file = self.folder / "zone"
        self.zone_file.write_text(records)
        self.configuration = self.folder / f"{self.name}.conf"
        self.programs = self.ensure_programs()
        self.configuration.write_text(self.render_configuration())

    def ensure_programs(self) -> Programs:
        """Fetches them where they are missing. Raises MissingPrograms."""
        raise NotImplementedError

    def render_configuration(self) -> str:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return self.programs.environment()


class Nsd(NameServer):
    name = "nsd"

    def ensure_programs(self) -> Programs:
        return ensure_programs({"nsd": "nsd"})

    def command(self) -> list[str]:
        return [self.programs["nsd"], "-d", "-c", str(self.configuration)]

    def render_configuration(self) -> str:
        return f"""
server:
  ip-address: {LOOPBACK}@{self.port}
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{self.folder}"
  pidfile: "{self.folder}/pid"
  zonelistfile: "{self.folder}/zones"
  xfrdfile: "{self.folder}/transfers"
  xfrdir: "{self.folder}"
  minimal-responses: yes
  refuse-any: yes
  answer-cookie: yes
  nsid: "ascii_nsd"
  statistics: 3600
  rrl-ratelimit: {self.limits.answers_per_second}
  rrl-whitelist-ratelimit: {self.limits.answers_per_second}
  rrl-slip: {self.limits.slip}
remote-control:
  control-enable: no
zone:
  name: "{self.zone}"
  zonefile: "{self.zone_file}"
"""


class Knot(NameServer):
    name = "knot"

    def ensure_programs(self) -> Programs:
        return ensure_programs({"knotd": "knot"})

    def command(self) -> list[str]:
        return [self.programs["knotd"], "-c", str(self.configuration)]

    def render_configuration(self) -> str:
        modules = ["mod-cookies", "mod-stats/all"]
        limiting = ""
        if self.limits.answers_per_second:
            modules.append("mod-rrl/all")
            rate, slip = self.limits.answers_per_second, self.limits.slip
            limiting = f"mod-rrl:\n  - id: all\n    rate-limit: {rate}\n    slip: {slip}\n"
        return f"""
server:
  rundir: "{self.folder}"
  listen: {LOOPBACK}@{self.port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
  nsid: "knot"
database:
  storage: "{self.folder}"
log:
  - target: stderr
    any: warning
mod-stats:
  - id: all
    query-type: on
    response-code: on
{limiting}template:
  - id: default
    storage: "{self.folder}"
    global-module: [{", ".join(modules)}]
    journal-content: none
    zonefile-sync: -1
zone:
  - domain: "{self.zone}"
    file: "{self.zone_file}"
"""


class PowerDns(NameServer):
    """With the BIND backend and LUA records; it has no rate limiting of its own (that is dnsdist's).

    Its caches are off: where every name is asked for once they halve its speed. One thread is the fastest per core.
    """

    name = "pdns"  # its configuration has to be called pdns.conf

    def __init__(self, zone: str, records: str) -> None:
        super().__init__(zone, records)
        (self.folder / "named.conf").write_text(f'zone "{zone}" {{ type master; file "{self.zone_file}"; }};\n')

    def ensure_programs(self) -> Programs:
        return ensure_programs({"pdns_server": "pdns-server"}, "pdns-backend-bind")

    def command(self) -> list[str]:
        return [self.programs["pdns_server"], f"--config-dir={self.folder}"]

    def render_configuration(self) -> str:
        modules = self.programs.modules("pdns")
        return f"""
launch=bind
bind-config={self.folder}/named.conf
{f"module-dir={modules}" if modules else ""}
socket-dir={self.folder}
local-address={LOOPBACK}
local-port={self.port}
receiver-threads=1
distributor-threads=1
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
consistent-backends=yes
reuseport=yes
enable-lua-records=shared
lua-records-exec-limit=0
edns-cookie-secret={secrets.token_hex(16)}
server-id=pdns
security-poll-suffix=
guardian=no
daemon=no
loglevel=3
"""
