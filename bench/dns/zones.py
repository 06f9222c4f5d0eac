"""What the servers serve and what they are asked: the same names for all."""

from collections.abc import Iterator
from itertools import count

ZONE = "web.bench.example"
_APEX = """\
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 604800 60
@ NS ns1
ns1 A 192.0.2.1
"""
# Of one zone there is no static copy with an address per name (2^32 names): NSD and Knot answer from a wildcard.
STATIC_ADDRESS = "192.0.2.9"
STATIC_WILDCARD = _APEX + f"* A {STATIC_ADDRESS}\n"
# What a server that synthesises has to answer; None: no address.
RULE_SAMPLES = {
    f"app.project.10.0.0.1.{ZONE}": "10.0.0.1",
    f"131.192.168.10.13.{ZONE}": "192.168.10.13",
    f"app-10-0-0-2.{ZONE}": "10.0.0.2",
    f"0a000003.{ZONE}": "10.0.0.3",
    f"10.0.0.300.{ZONE}": None,
    f"10.0.0.01.{ZONE}": None,
    f"127.0.0.1.{ZONE}": None,
}

# What our names rule does to addresses of version 4, as a LUA record: the four labels before the zone, the dash form
# and eight hexadecimal digits; canonical decimals only. PowerDNS' own createForward reads the first labels instead.
_LUA = (
    ";local l=qname:getRawLabels() local n=#l-{labels}"
    " local function ok(o) return o and (o=='0' or o:match('^[1-9]%d?%d?$')) and tonumber(o)<256 end ",
    "local function ip(a,b,c,d) if ok(a) and ok(b) and ok(c) and ok(d) and a~='0' and a~='127' and tonumber(a)<224"
    " and not (a=='169' and b=='254') then return a..'.'..b..'.'..c..'.'..d end end ",
    "local h=l[n]:match('^%x%x%x%x%x%x%x%x$')"
    " if h then local v=tonumber(h,16) local f=math.floor"
    " return ip(f(v/16777216)..'',f(v/65536)%256 ..'',f(v/256)%256 ..'',v%256 ..'') or {{}} end ",
    "return ip(l[n-3],l[n-2],l[n-1],l[n]) or ip(l[n]:match('^(%d+)%-(%d+)%-(%d+)%-(%d+)$'))"
    " or ip(l[n]:match('%-(%d+)%-(%d+)%-(%d+)%-(%d+)$')) or {{}}",
)
LUA_RULE = _APEX + "* LUA A " + " ".join(f'"{part.format(labels=len(ZONE.split(".")))}"' for part in _LUA) + "\n"


def address_names(start: int = 0) -> Iterator[str]:
    """`app<n>.project.<address>.<zone>`, each once; the addresses are those of 10.0.0.0/8."""
    for number in count(start):
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        yield f"app{number}.project.{address}.{ZONE}"
