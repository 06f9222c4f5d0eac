"""What can go wrong with names and records, each with a code and a sentence that says what to do.

DnsError                        status, code, message; `endpoints` makes a problem of it, `updates` an RCODE
├── InvalidRecord        422    the name, type or value is not one
├── NameNotYours         403    the name lies where the tenant owns nothing
├── NameTaken            409    another tenant has the user hostname
├── RecordConflict       409    a CNAME beside other records, or the record of another owner
├── QuotaReached         422    too many records, hostnames or keys
└── NotFound             404    no such thing, or not the tenant's

TransientError (brb_shared.reconcile)
└── AddressHeld                 an address still belongs to another cluster: tried again by itself

TerminalError (brb_shared.reconcile)
└── AddressNotServed            an address outside the networks that the zone answers for
"""

from brb_shared.reconcile import TerminalError, TransientError


class DnsError(Exception):
    status = 500
    code = "dns_failed"

    def __init__(self, message: str, field: str | None = None) -> None:
        """`field`: the part of the request's body that is wrong."""
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidRecord(DnsError):
    status, code = 422, "invalid_record"


class NameNotYours(DnsError):
    status, code = 403, "name_not_yours"


class NameTaken(DnsError):
    status, code = 409, "name_taken"


class RecordConflict(DnsError):
    status, code = 409, "record_conflict"


class QuotaReached(DnsError):
    status, code = 422, "dns_quota_reached"


class NotFound(DnsError):
    status, code = 404, "not_found"


class AddressHeld(TransientError):
    pass


class AddressNotServed(TerminalError):
    pass
