"""A zone as configured: what stands at its apex, and which addresses its names may hold."""

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, IPvAnyAddress

from brb_dns.zone.names import canonical_name
from brb_dns.zone.networks import Network

DomainName = Annotated[str, AfterValidator(canonical_name)]
"""Absolute; stored in lower case without the last dot."""


class Nameserver(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: DomainName = Field(description="Host name of the server, as the parent zone delegates to it")
    addresses: tuple[IPvAnyAddress, ...] = Field(
        default=(), description="Its addresses, answered as glue if its name lies in the zone"
    )


class ZoneConfig(BaseModel):
    model_config = ConfigDict(frozen=True)

    origin: DomainName = Field(description="The zone's name, as delegated: web.example.org")
    nameservers: tuple[Nameserver, ...] = Field(
        default=(), description="The zone's servers; none: `ns1.<origin>` without an address, good for a trial only"
    )
    hostmaster: str = Field(default="", description="Mail address of who runs the zone; default `hostmaster@<origin>`")
    networks: tuple[Network, ...] = Field(
        default=(),
        description="Only addresses in these are answered (the platform's floating IP ranges; 0.0.0.0/0 for all); "
        "loopback, link-local, metadata and multicast addresses never are",
    )
    ttl_seconds: int = Field(
        default=300,
        ge=0,
        le=86400,
        description="Of addresses and of the apex; an address that changes hands is gone from caches after it",
    )
    negative_ttl_seconds: int = Field(
        default=60, ge=0, le=86400, description="How long `no such name` is remembered; short, for new host names"
    )
    refresh_seconds: int = Field(default=3600, description="SOA refresh, for secondaries")
    retry_seconds: int = Field(default=600, description="SOA retry, for secondaries")
    expire_seconds: int = Field(default=1209600, description="SOA expire: secondaries answer for two weeks alone")
    caa: tuple[str, ...] = Field(default=(), description='CAA at the apex: `0 issue "letsencrypt.org"`')
    mx: tuple[str, ...] = Field(default=(), description="MX at the apex: `10 mail.example.org.`")
    txt: tuple[str, ...] = Field(default=(), description='TXT at the apex, quoted: `"v=spf1 -all"`')

    @property
    def servers(self) -> tuple[Nameserver, ...]:
        return self.nameservers or (Nameserver(name=f"ns1.{self.origin}"),)

    @property
    def hostmaster_name(self) -> str:
        """The mail address as a name. Source: RFC 1035, 8: dots before the @ are escaped."""
        local, _, domain = (self.hostmaster or f"hostmaster@{self.origin}").rpartition("@")
        return f"{local.replace('.', chr(92) + '.')}.{domain}" if local else domain


def addresses_of(server: Nameserver) -> tuple[list[str], list[str]]:
    """IPv4 and IPv6, as text."""
    ipv4 = [str(address) for address in server.addresses if isinstance(address, IPv4Address)]
    ipv6 = [str(address) for address in server.addresses if isinstance(address, IPv6Address)]
    return ipv4, ipv6
