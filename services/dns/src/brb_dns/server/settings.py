"""Settings of the server, read once when it starts; zones can be reloaded (SIGHUP) from `zones_file`."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from brb_dns.server.rate_limit import Limits
from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.networks import Network


class ServerSettings(BaseSettings):
    """Read from the environment, prefix `BRB_DNS_`; lists are JSON."""

    model_config = SettingsConfigDict(env_prefix="BRB_DNS_", frozen=True, extra="ignore")

    listen: tuple[str, ...] = Field(
        default=("127.0.0.1:5300", "[::1]:5300"),
        description="Addresses and ports for UDP and TCP: 0.0.0.0:53, [::]:53; an unprivileged port by default",
    )
    zones: tuple[ZoneConfig, ...] = Field(default=(), description="The zones, JSON; or `zones_file`")
    zones_file: Path | None = Field(
        default=None, description="YAML with `zones:`, a list of the same; read again on SIGHUP; wins over `zones`"
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Worker processes; each fills one core at the most. One a core is enough"
    )
    nice: int = Field(
        default=-10,
        ge=-20,
        le=0,
        description="Priority to ask for before root is given up: an answer does not wait while others on the host "
        "have the core. Where that is not allowed nothing changes; 0: do not ask",
    )
    user: str = Field(
        default="", description="Account to become once the ports are bound; empty: stay. Needs root to start with"
    )
    snapshot_file: Path | None = Field(
        default=None, description="Where the last records are kept, to answer from after a restart without the platform"
    )
    snapshot_delay_seconds: float = Field(
        default=1.0, ge=0, description="How long changes are gathered before the file is written: many come at once"
    )
    receive_buffer_bytes: int = Field(
        default=512 << 10,
        description="Of each UDP socket: some 1300 queries, which wait there while a worker is replaced. In a flood it "
        "is always full, and everybody waits for all of it: a larger one makes honest answers later, not more",
    )
    nsid: str = Field(default="", max_length=64, description="Name of this server for who asks (NSID); empty: not told")
    cookie_secret_file: Path | None = Field(
        default=None,
        description="A line of 32 hex digits: secret of DNS cookies, the same on all servers of the zone; more lines: "
        "older secrets still accepted. None: a secret of this start alone",
    )
    amplification_limit: int = Field(
        default=5,
        ge=2,
        description="Times the query's length that an answer by UDP may have for a client without a valid cookie; "
        "longer ones are truncated, so that he asks by TCP: a forged address gets no flood",
    )
    rate_limit_answers: int = Field(
        default=200, ge=0, description="Answers a second to one network without a valid cookie; 0: no limit; as NSD"
    )
    rate_limit_nodata: int = Field(default=200, ge=0, description="The same for NODATA")
    rate_limit_nxdomain: int = Field(default=50, ge=0, description="The same for NXDOMAIN; lower: nobody needs many")
    rate_limit_errors: int = Field(default=20, ge=0, description="The same for REFUSED, FORMERR and the like")
    rate_limit_window_seconds: int = Field(default=15, ge=1, description="Most seconds of debt; as BIND")
    rate_limit_slip: int = Field(
        default=2, ge=0, description="One in so many answers above the rate is sent truncated; 0: none; as BIND"
    )
    rate_limit_ipv4_prefix: int = Field(default=24, ge=8, le=32, description="Bits that make an IPv4 network; as BIND")
    rate_limit_ipv6_prefix: int = Field(
        default=56, ge=16, le=128, description="Bits that make an IPv6 network; as BIND"
    )
    rate_limit_exempt: tuple[Network, ...] = Field(default=(), description="Networks without a limit: own resolvers")
    slow_queries_per_second: int = Field(
        default=500, ge=1, description="Unusual messages a worker reads a second; each costs as much as 20 queries"
    )
    tcp_idle_seconds: float = Field(default=10.0, gt=0, description="A connection without a query is closed after it")
    tcp_connections: int = Field(default=500, ge=1, description="Connections a worker holds at the same time")
    tcp_connections_per_client: int = Field(default=20, ge=1, description="Of these from one address")
    tcp_message_bytes: int = Field(
        default=16384, ge=512, le=65535, description="Longest message taken by TCP: room for a signed update"
    )
    signed_in_flight: int = Field(
        default=64, ge=1, description="Signed messages a worker has handed on and awaits; more are dropped"
    )
    signed_timeout_seconds: float = Field(default=10.0, gt=0, description="After it a signed message gets SERVFAIL")
    drain_seconds: float = Field(default=5.0, ge=0, description="How long open TCP connections may take at the end")
    heartbeat_seconds: float = Field(
        default=10.0, gt=1, description="A worker that gives no sign of life for so long is killed and started again"
    )
    status_listen: str = Field(
        default="127.0.0.1:9153",
        description="HTTP: /healthz, /readyz, /metrics; empty: none. The usual port of DNS metrics",
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_json: bool = Field(default=True, description="JSON lines; false: coloured text for a terminal")

    @property
    def limits(self) -> Limits:
        return Limits(
            answers=self.rate_limit_answers,
            nodata=self.rate_limit_nodata,
            nxdomain=self.rate_limit_nxdomain,
            errors=self.rate_limit_errors,
            window_seconds=self.rate_limit_window_seconds,
            slip=self.rate_limit_slip,
            ipv4_prefix=self.rate_limit_ipv4_prefix,
            ipv6_prefix=self.rate_limit_ipv6_prefix,
            exempt=self.rate_limit_exempt,
        )
