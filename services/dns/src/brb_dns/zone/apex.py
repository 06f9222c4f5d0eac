"""The apex of a zone: SOA, NS and the configured CAA, MX and TXT; and the addresses of its servers' names."""

from collections.abc import Iterator

from brb_dns.zone.config import ZoneConfig, addresses_of
from brb_dns.zone.names import compress, is_below, length_of, parse_name, places_of
from brb_dns.zone.rrsets import RRset, render_rrset, render_tail


def render_soa(config: ZoneConfig, serial: int) -> RRset:
    """Its TTL is the negative one: it is what negative answers carry. Source: RFC 2308, 3 and 5."""
    times = (config.refresh_seconds, config.retry_seconds, config.expire_seconds, config.negative_ttl_seconds)
    value = " ".join([f"{config.servers[0].name}.", f"{config.hostmaster_name}.", str(serial), *map(str, times)])
    return render_rrset(config.origin, "SOA", config.negative_ttl_seconds, (value,))


def render_soa_at(soa: RRset, place: int) -> bytes:
    """The record in a message that has the zone's name at `place`: what its names share with that is not said again."""
    places = places_of(soa.owner, place)
    (rdata,) = soa.rdatas
    server_end = length_of(rdata)
    hostmaster_end = server_end + length_of(rdata[server_end:])
    names = compress(rdata[:server_end], places) + compress(rdata[server_end:hostmaster_end], places)
    return compress(soa.owner, places) + render_tail(soa, names + rdata[hostmaster_end:])


def render_apex(config: ZoneConfig) -> Iterator[RRset]:
    servers = tuple(f"{server.name}." for server in config.servers)
    yield render_rrset(config.origin, "NS", config.ttl_seconds, servers)
    for type_, values in (("CAA", config.caa), ("MX", config.mx), ("TXT", config.txt)):
        if values:
            yield render_rrset(config.origin, type_, config.ttl_seconds, values)
    yield from _render_glue(config)


def _render_glue(config: ZoneConfig) -> Iterator[RRset]:
    origin = parse_name(config.origin)
    for server in config.servers:
        if not is_below(parse_name(server.name), origin):
            continue
        for type_, addresses in zip(("A", "AAAA"), addresses_of(server), strict=True):
            if addresses:
                yield render_rrset(server.name, type_, config.ttl_seconds, tuple(addresses))
