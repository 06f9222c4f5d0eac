"""The TXT records of challenges, kept by the zone's own records."""

from brb_dns.certificates.certificate import Owner
from brb_dns.certificates.errors import proof_blocked
from brb_dns.errors import DnsError
from brb_dns.records.model import Owner as RecordOwner
from brb_dns.records.model import Source
from brb_dns.records.service import Records
from brb_dns.records.values import RecordType
from brb_shared.contracts.ids import CloudId, ClusterId, ProjectId
from brb_shared.contracts.tenant import Tenant

TTL_SECONDS = 60


class ZoneChallenges:
    """Implements `ports.Challenges`."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def present(self, name: str, value: str, owner: Owner) -> None:
        draft = self._records.draft(name, RecordType.TXT, value, TTL_SECONDS)
        try:
            await self._records.add(_record_owner(owner), draft, Source.ACME)
        except DnsError as error:
            raise proof_blocked(error.message) from error

    async def withdraw(self, name: str, value: str) -> None:
        await self._records.withdraw(name, RecordType.TXT, value, Source.ACME)


def _record_owner(owner: Owner) -> RecordOwner:
    tenant = Tenant(cloud=CloudId(owner.cloud), project_id=ProjectId(owner.project_id))
    return RecordOwner(tenant, ClusterId(owner.cluster_id))
