"""TSIG on both ends: a message's key and signature checked, the answer signed. Pure. Source: RFC 8945, section 5."""

import time
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
from dns.rcode import Rcode
from dns.rdtypes.ANY.TSIG import TSIG

from brb_dns.keys.model import ALGORITHM

FUDGE_SECONDS = 300
"""How far the clocks may be apart; the RFC's own advice."""


class NotSigned(Exception):
    """No TSIG in it, or not a message that can be answered."""


@dataclass(frozen=True)
class Claim:
    """A message that says it is signed with a key, not verified yet."""

    message: dns.message.Message
    wire: bytes

    @property
    def key_name(self) -> str:
        assert self.message.tsig is not None
        return self.message.tsig.name.to_text(omit_final_dot=True).lower()

    @property
    def rdata(self) -> TSIG:
        assert self.message.tsig is not None
        rdata = self.message.tsig[0]
        assert isinstance(rdata, TSIG)
        return rdata


def parse_claim(wire: bytes) -> Claim:
    """Raises NotSigned."""
    try:
        message = dns.message.from_wire(wire, keyring=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise NotSigned(str(error)) from error
    if message.tsig is None or message.flags & dns.flags.QR:
        raise NotSigned("a query without TSIG")
    return Claim(message, wire)


def verify(claim: Claim, secret: bytes) -> dns.message.Message | Rcode:
    """The message, ready to be answered with a signature; or the TSIG error."""
    key = dns.tsig.Key(claim.message.tsig.name, secret, ALGORITHM) if claim.message.tsig else None
    try:
        return dns.message.from_wire(claim.wire, keyring=key)
    except dns.tsig.BadTime:
        return Rcode.BADTIME
    except (dns.tsig.BadKey, dns.tsig.BadAlgorithm):
        return Rcode.BADKEY
    except (dns.exception.DNSException, ValueError):
        return Rcode.BADSIG


def render_failure(claim: Claim, error: Rcode, secret: bytes | None) -> bytes:
    """NOTAUTH with the TSIG error. Only BADTIME is signed, with the client's own time, so that it can be verified."""
    answer = dns.message.make_response(claim.message)
    answer.set_rcode(Rcode.NOTAUTH)
    is_signed = error is Rcode.BADTIME and secret is not None
    rdata = TSIG(
        dns.rdataclass.ANY,
        dns.rdatatype.TSIG,
        claim.rdata.algorithm,
        claim.rdata.time_signed,
        FUDGE_SECONDS,
        b"",
        claim.message.id,
        int(error),
        int(time.time()).to_bytes(6) if error is Rcode.BADTIME else b"",
    )
    assert claim.message.tsig is not None
    if is_signed:
        assert secret is not None
        key = dns.tsig.Key(claim.message.tsig.name, secret, ALGORITHM)
        rdata, _ = dns.tsig.sign(answer.to_wire(), key, rdata, claim.rdata.time_signed, claim.rdata.mac)
    answer.tsig = dns.rrset.from_rdata(claim.message.tsig.name, 0, rdata)
    answer.want_tsig_sign = False
    return answer.to_wire()
