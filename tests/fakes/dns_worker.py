"""A worker's ways to an answer without its process: zones, clocks that stand still, and no socket."""

from brb_dns.server.cookies import Cookies
from brb_dns.server.counters import Counters
from brb_dns.server.edns import EdnsReader
from brb_dns.server.fast_path import build_fast_path
from brb_dns.server.rate_limit import RateLimiter
from brb_dns.server.replies import Reply, Signed
from brb_dns.server.responder import Equipment, Responder
from brb_dns.server.settings import ServerSettings
from brb_dns.server.slow_path import SlowPath
from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.records import RecordSet, Snapshot
from brb_dns.zone.zones import Zones

ORIGIN = "web.example.org"
HOST = "192.0.2.77"
NOW = 1_800_000_000
SECRET = bytes(range(16))
_CONFIGS = (
    ZoneConfig.model_validate(
        {
            "origin": ORIGIN,
            "networks": ["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32"],
            "nameservers": [
                {"name": f"ns1.{ORIGIN}", "addresses": ["192.0.2.1", "2001:db8::1"]},
                {"name": "ns.example.com"},
            ],
            "caa": ['0 issue "letsencrypt.org"'],
            "mx": [f"10 mail.{ORIGIN}."],
            "txt": ['"v=spf1 -all"'],
        }
    ),
    ZoneConfig.model_validate({"origin": "second.test", "networks": ["0.0.0.0/0"], "ttl_seconds": 7}),
    ZoneConfig.model_validate({"origin": f"inner.{ORIGIN}", "networks": ["10.0.0.0/8"]}),
)


def record(name: str, type_: str, *values: str) -> RecordSet:
    return RecordSet(name=f"{name}.{ORIGIN}", type=type_, ttl_seconds=60, values=values)


RECORDS = (
    record("shop", "CNAME", f"app.10.0.0.1.{ORIGIN}."),
    record("far", "CNAME", "10.9.8.7.second.test."),
    record("away", "CNAME", "www.example.com."),
    record("host.team", "A", "192.0.2.9", "192.0.2.10"),
    record("host.team", "AAAA", "2001:db8::9"),
    record("*.wild", "TXT", '"any"'),
    record("app.10.1.1.1", "A", "10.9.9.9"),
    record("_acme-challenge.app.10.0.0.1", "TXT", '"first"', '"second"'),
    record("big", "TXT", *(f'"{number:03}{"x" * 60}"' for number in range(20))),
    record("unknown", "TYPE65280", "\\# 4 0a000001"),
)


class StillWorker:
    """No limit of rates unless `settings` say so."""

    def __init__(self, records: tuple[RecordSet, ...] = RECORDS, **settings: object) -> None:
        defaults = dict.fromkeys(("answers", "nodata", "nxdomain", "errors"), 0)
        limits = {f"rate_limit_{name}": rate for name, rate in defaults.items()}
        self.settings = ServerSettings.model_validate({**limits, "slow_queries_per_second": 10**9, **settings})
        self.zones = Zones(_CONFIGS, Snapshot(records=records))
        self.counters = Counters()
        self.limiter = RateLimiter(self.settings.limits)
        self.edns = EdnsReader(Cookies((SECRET,)), self.settings.nsid, self.settings.tcp_idle_seconds)
        self.limiter.tick(100)
        self.edns.tick(NOW)
        self.equipment = Equipment(
            zones=self.zones,
            zone_slots={zone.origin: at for at, zone in enumerate(self.zones, 1)},
            edns=self.edns,
            limiter=self.limiter,
            counters=self.counters,
            amplification=self.settings.amplification_limit,
            slow_per_second=self.settings.slow_queries_per_second,
        )
        self.responder = Responder(self.equipment)
        self.fast_path = build_fast_path(self.equipment)
        self.slow_path = SlowPath(self.zones, self.edns, self.settings.amplification_limit)

    def udp(self, wire: bytes, host: str = HOST) -> bytes | None:
        """As `UdpListener` does it; None: no answer. A signed message is an error here."""
        reply = self.fast_path(wire, host)
        if reply is not None:
            return reply or None
        return self.uncommon(wire, host)

    def uncommon(self, wire: bytes, host: str = HOST) -> bytes | None:
        reply = self.responder.respond(wire, host, is_tcp=False)
        assert not isinstance(reply, Signed)
        return reply

    def tcp(self, wire: bytes, host: str = HOST) -> bytes | None:
        reply = self.responder.respond(wire, host, is_tcp=True)
        assert not isinstance(reply, Signed)
        return reply

    def slow(self, wire: bytes, *, is_tcp: bool = False) -> bytes:
        reply = self.slow_path.respond(wire, HOST, is_tcp=is_tcp)
        assert isinstance(reply, Reply)
        return reply.render()
