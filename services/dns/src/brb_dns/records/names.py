"""Names in the zone: checked, and where each lies. Pure.

<anything>.<project>.<ip>.<zone>      under an address: its cluster owns it
<label>.apps.<zone>, and below        a user hostname: the first tenant that uses the label owns it
everything else                       the platform's
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

import dns.exception
import dns.name

from brb_dns.errors import InvalidRecord, NameNotYours
from brb_dns.records.values import Address
from brb_dns.zone.addresses import parse_addresses
from brb_dns.zone.networks import AllowedNetworks

HOSTNAMES = "apps"
"""The label below which user hostnames lie. Not of an address' form, so that the two spaces never meet."""

_LABEL = re.compile(r"^(\*|_?[a-z0-9]([a-z0-9-]*[a-z0-9])?)$")


@dataclass(frozen=True)
class Place:
    """A checked name, and what its ownership hangs on: an address, or a label of the user hostnames."""

    name: str
    address: Address | None = None
    label: str | None = None


def parse_place(text: str, zone: str, allowed: AllowedNetworks) -> Place:
    """Where the name lies. Raises InvalidRecord if it is not one, NameNotYours if it can only be the platform's."""
    name = parse_name(text)
    if not name.endswith(f".{zone}"):
        raise InvalidRecord(f"{name} is not in the zone {zone}", "name")
    labels = name.removesuffix(f".{zone}").split(".")
    address = _address_of(labels, allowed)
    if address is not None and labels[0] == "*":
        raise InvalidRecord(f"Every name below {address} is answered already; a * below it is never asked for", "name")
    if address is not None:
        return Place(name, address=address)
    if len(labels) > 1 and labels[-1] == HOSTNAMES and labels[-2] != "*":
        return Place(name, label=labels[-2])
    hint = f"names are <anything>.<project>.<ip>.{zone} with an address of yours, or <name>.{HOSTNAMES}.{zone}"
    raise NameNotYours(f"{name} belongs to the platform; {hint}", "name")


def parse_name(text: str) -> str:
    """Lower case, absolute, without the last dot. Raises InvalidRecord. `*` may only be the first label."""
    try:
        name = dns.name.from_text(text.lower().removesuffix("."))
    except (dns.exception.DNSException, UnicodeError) as error:
        raise InvalidRecord(f"{text!r} is not a DNS name: {error}", "name") from error
    labels = name.to_text(omit_final_dot=True).split(".")
    for place, label in enumerate(labels):
        if not _LABEL.match(label) or (label == "*" and place > 0):
            raise InvalidRecord(f"{label!r} in {text!r} is not a label of letters, digits and hyphens", "name")
    return ".".join(labels)


def _address_of(labels: list[str], allowed: AllowedNetworks) -> Address | None:
    """As the servers read it: the first reading that is allowed, else one that nobody can own."""
    readings = list(parse_addresses([label.encode() for label in labels]))
    chosen = next((packed for packed in readings if allowed.allows(packed)), readings[0] if readings else None)
    return ip_address(chosen) if chosen is not None else None


def app_domain(project: str, address: Address, zone: str) -> str:
    """Below it every name leads to the address. IPv6 has no dotted form: its colons become hyphens."""
    return f"{project}.{_written(address)}.{zone}"


def _written(address: Address) -> str:
    """A label may neither begin nor end with a hyphen: such an address is written in full."""
    if isinstance(address, IPv4Address):
        return str(address)
    short = str(address)
    return (address.exploded if short[0] == ":" or short[-1] == ":" else short).replace(":", "-")
