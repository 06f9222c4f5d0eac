"""An update: all of it in one transaction, or nothing. Source: RFC 2136, section 3.

A key may only touch its names and types, and of these what is its tenant's at this moment. Prerequisites and deletes
see explicit records; a name below an address is in use without any.
"""

from ipaddress import IPv4Address

import dns.name
import dns.rdata
import dns.rrset
import structlog
from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from dns.update import UpdateMessage

from brb_dns.errors import DnsError, RecordConflict
from brb_dns.keys.model import DnsKey
from brb_dns.models import RecordRow
from brb_dns.records import store
from brb_dns.records.editing import Edit, Limits, editing
from brb_dns.records.model import Draft, Owner, Source
from brb_dns.records.names import Place, parse_place
from brb_dns.records.ownership import cluster_of, may_touch
from brb_dns.records.values import RecordType, check_rdata
from brb_dns.updates.recording import Recording
from brb_dns.zone.networks import AllowedNetworks
from brb_shared.contracts.tenant import Tenant
from brb_shared.database import Database

log = structlog.get_logger()

_SHORTEST_TTL, _LONGEST_TTL = 30, 86_400


class _Rejected(Exception):
    """Ends the transaction; the answer's code."""

    def __init__(self, rcode: Rcode, why: str) -> None:
        super().__init__(why)
        self.rcode = rcode


class _NotMet(_Rejected):
    """A prerequisite does not hold."""


class Updates:
    def __init__(self, database: Database, limits: Limits, allowed: AllowedNetworks) -> None:
        self._database = database
        self._limits = limits
        self._allowed = allowed

    async def apply(self, key: DnsKey, message: UpdateMessage, recording: Recording) -> Rcode:
        names = sorted({_text(rrset.name) for rrset in message.update})
        recording.updates(names)
        try:
            tenant = self._tenant(key, message)
            async with editing(self._database, self._limits) as edit:
                update = _Update(edit, key, tenant, self._allowed)
                recording.recorder.before = await store.contents(edit.session, names)
                await update.make(message)
                recording.recorder.after = await store.contents(edit.session, names)
                recording.done(update.clusters)
                await recording.keep(edit.session)
        except _NotMet as unmet:
            log.info("Update not done", key=key.id, rcode=unmet.rcode.name, why=str(unmet))
            recording.not_met(unmet.rcode, str(unmet))
            return unmet.rcode
        except (_Rejected, DnsError) as error:
            rcode = error.rcode if isinstance(error, _Rejected) else Rcode.REFUSED
            log.info("Update refused", key=key.id, rcode=rcode.name, why=str(error))
            recording.refused(rcode, str(error))
            return rcode
        return Rcode.NOERROR

    def _tenant(self, key: DnsKey, message: UpdateMessage) -> Tenant:
        """Whose records it may touch."""
        if not message.zone or message.zone[0].name != dns.name.from_text(self._limits.zone):
            raise _Rejected(Rcode.NOTAUTH, "The update is of another zone")
        if key.tenant is None:
            raise _Rejected(Rcode.REFUSED, "An operator's key updates nothing")
        return key.tenant


class _Update:
    """One message, within its transaction."""

    def __init__(self, edit: Edit, key: DnsKey, tenant: Tenant, allowed: AllowedNetworks) -> None:
        self._edit = edit
        self._key = key
        self._tenant = tenant
        self._allowed = allowed
        self.clusters: set[str] = set()
        """Whose names were touched."""

    async def make(self, message: UpdateMessage) -> None:
        for rrset in message.prerequisite:
            await self.require(rrset)
        for rrset in message.update:
            await self.change(rrset)

    async def require(self, rrset: dns.rrset.RRset) -> None:
        """A prerequisite. Source: RFC 2136, section 3.2."""
        place = self._place(rrset.name)
        rows = await store.at_name(self._edit.session, place.name)
        if rrset.rdtype is RdataType.ANY:
            in_use = bool(rows) or place.address is not None
            _expect(in_use, rrset.deleting, Rcode.NXDOMAIN, Rcode.YXDOMAIN, place.name)
            return
        values = {row.value for row in rows if row.type == rrset.rdtype.name}
        if rrset.deleting is not None:
            exists = bool(values) or _is_computed(place, rrset.rdtype)
            _expect(exists, rrset.deleting, Rcode.NXRRSET, Rcode.YXRRSET, place.name)
        elif values != {self._value(rrset, rdata) for rdata in rrset}:
            raise _NotMet(Rcode.NXRRSET, f"{place.name} {rrset.rdtype.name} is otherwise")

    async def change(self, rrset: dns.rrset.RRset) -> None:
        """An addition or a delete. Source: RFC 2136, section 3.4.2."""
        place = self._place(rrset.name)
        if not self._key.rights.covers(place.name) or not await may_touch(self._edit.session, self._tenant, place):
            raise _Rejected(Rcode.REFUSED, f"the key may not touch {place.name}")
        if place.address is not None:
            self.clusters.add(await cluster_of(self._edit.session, place.address))
        match rrset.deleting:
            case None:
                await self._add(place, rrset)
            case RdataClass.ANY:
                await self._delete(place, rrset.rdtype, None)
            case _:
                await self._delete(place, rrset.rdtype, {self._value(rrset, rdata) for rdata in rrset})

    async def _add(self, place: Place, rrset: dns.rrset.RRset) -> None:
        """A CNAME takes the place of another one; beside other records it is passed over, as the RFC wants it."""
        type_ = self._type(rrset.rdtype)
        ttl = min(max(rrset.ttl, _SHORTEST_TTL), _LONGEST_TTL)
        for rdata in rrset:
            draft = Draft(place, type_, self._value(rrset, rdata), ttl)
            try:
                await self._edit.add(
                    Owner(self._tenant),
                    draft,
                    Source.UPDATE,
                    created_by=self._key.id,
                    replace=type_ is RecordType.CNAME,
                )
            except RecordConflict as error:
                log.info("Record of an update passed over", key=self._key.id, name=place.name, why=error.message)

    async def _delete(self, place: Place, rdtype: RdataType, values: set[str] | None) -> None:
        """`values` None: all. The platform's own challenges are not the key's to delete."""
        types = self._key.rights.types if rdtype is RdataType.ANY else (self._type(rdtype),)
        rows = await store.at_name(self._edit.session, place.name)
        await self._edit.remove([row for row in rows if row.type in types and self._may_delete(row, values)])

    def _may_delete(self, row: RecordRow, values: set[str] | None) -> bool:
        is_own = (row.cloud, row.project_id) == (self._tenant.cloud, self._tenant.project_id)
        return is_own and row.source != Source.ACME and (values is None or row.value in values)

    def _place(self, name: dns.name.Name) -> Place:
        if not name.is_subdomain(dns.name.from_text(self._edit.limits.zone)):
            raise _Rejected(Rcode.NOTZONE, f"{name} is not in the zone")
        return parse_place(name.to_text(), self._edit.limits.zone, self._allowed)

    def _type(self, rdtype: RdataType) -> RecordType:
        if rdtype.name not in self._key.rights.types:
            raise _Rejected(Rcode.REFUSED, f"the key may not touch records of type {rdtype.name}")
        return RecordType(rdtype.name)

    def _value(self, rrset: dns.rrset.RRset, rdata: dns.rdata.Rdata) -> str:
        return check_rdata(self._type(rrset.rdtype), rdata, self._allowed)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _is_computed(place: Place, rdtype: RdataType) -> bool:
    """The wildcard's own record of a name below an address."""
    if place.address is None:
        return False
    return rdtype is (RdataType.A if isinstance(place.address, IPv4Address) else RdataType.AAAA)


def _expect(exists: bool, deleting: RdataClass | None, missing: Rcode, present: Rcode, name: str) -> None:
    """Class ANY: it must exist. Class NONE: it must not."""
    if deleting is RdataClass.ANY and not exists:
        raise _NotMet(missing, f"{name} does not exist")
    if deleting is RdataClass.NONE and exists:
        raise _NotMet(present, f"{name} exists")
