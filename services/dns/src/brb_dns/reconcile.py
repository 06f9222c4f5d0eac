"""A pass over one cluster: its addresses become its own in the zone, what lies under lost ones is purged.

There is no outside call: a pass is one transaction, with its observed state and the zone's change in the outbox.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns import conditions, repository
from brb_dns.certificates.repository import purge_certificates
from brb_dns.conditions import Findings
from brb_dns.records import addresses
from brb_dns.records.editing import Edit, Limits, editing
from brb_dns.records.names import app_domain
from brb_dns.repository import Repository, Stored
from brb_dns.zone.networks import AllowedNetworks
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.dns import AppDomain, DnsDesired, DnsObserved
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled

_HELD_RETRY = timedelta(seconds=5)


class DnsReconciler:
    """Implements `brb_shared.reconcile.Reconciler`."""

    def __init__(self, repository_: Repository, limits: Limits, allowed: AllowedNetworks) -> None:
        self._database = repository_.database
        self._limits = limits
        self._allowed = allowed

    async def reconcile(self, key: str, lease: Lease) -> Result:
        async with editing(self._database, self._limits) as edit:
            await lease.guard(edit.session)
            stored = await repository.load(edit.session, key)
            if stored is None:
                return Absent()
            if stored.desired.presence is Presence.PRESENT:
                return await self._apply(edit, stored)
            return await self._remove(edit, stored)

    async def report(self, key: str, lease: Lease, error: ReconcileError, failures: int) -> None:
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            stored = await repository.load(session, key)
            if stored is not None:
                observed = conditions.observed_failed(stored.desired, stored.observed, error)
                await _publish(session, stored, observed)

    async def _apply(self, edit: Edit, stored: Stored) -> Result:
        desired = stored.desired
        lost = await addresses.release(edit.session, desired.cluster_id, but=desired.addresses)
        await self._purge(edit, desired, lost)
        held = await addresses.claim(edit.session, desired, self._limits.zone)
        found = self._find(desired, held)
        await _publish(edit.session, stored, conditions.observed_present(desired, stored.observed, found))
        return Again(_HELD_RETRY, "AddressHeld") if held else Settled()

    async def _remove(self, edit: Edit, stored: Stored) -> Result:
        desired = stored.desired
        lost = await addresses.release(edit.session, desired.cluster_id)
        await self._purge(edit, desired, lost, everything=True)
        await _publish(edit.session, stored, conditions.observed_absent(desired, stored.observed))
        return Absent()

    async def _purge(self, edit: Edit, desired: DnsDesired, lost: Sequence[str], *, everything: bool = False) -> None:
        """Records and certificates under lost addresses, whoever owns them; with `everything` all of the cluster's."""
        cluster_id = desired.cluster_id if everything else None
        rows = await addresses.records_to_purge(edit.session, lost, cluster_id)
        await edit.remove(rows)
        await purge_certificates(edit.session, desired.cluster_id, None if everything else lost)
        if rows:
            text = f"{len(rows)} records went with {', '.join(lost) or 'the cluster'}"
            await repository.tell(edit.session, desired, "RecordsPurged", text)

    def _find(self, desired: DnsDesired, held: tuple[str, ...]) -> Findings:
        own = [address for address in addresses.parse_addresses(desired.addresses) if str(address) not in held]
        served = [address for address in own if self._allowed.allows(address.packed)]
        zone = self._limits.zone
        return Findings(
            zone=zone,
            domains=tuple(
                AppDomain(address=str(address), domain=app_domain(desired.project, address, zone)) for address in served
            ),
            held=held,
            foreign=tuple(str(address) for address in own if address not in served),
        )


async def _publish(session: AsyncSession, stored: Stored, observed: DnsObserved) -> None:
    """Write and send the observed state if it differs from the last one sent; new domains go to the timeline."""
    if observed == stored.observed:
        return
    before = stored.observed.app_domains if stored.observed is not None else ()
    fresh = [domain.domain for domain in observed.app_domains if domain not in before]
    if fresh:
        await repository.tell(session, stored.desired, "AppDomainsServed", f"Apps are reached below {', '.join(fresh)}")
    await repository.publish(session, observed)
