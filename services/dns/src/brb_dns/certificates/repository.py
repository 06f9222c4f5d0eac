"""All SQL of the certificates."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_dns.certificates.certificate import Account, Certificate, Count, Event, Figures, Owner, Since
from brb_dns.certificates.limits import registered_domain
from brb_dns.certificates.models import AccountRow, AttemptRow, CertificateRow, CertificateWork, TallyRow
from brb_dns.certificates.rows import account_of, certificate_of, columns_of
from brb_dns.models import AddressRow, Outbox
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.ids import ClusterId, new_id
from brb_shared.contracts.registry import DNS_HAPPENED, Service
from brb_shared.database import Database
from brb_shared.messaging import Outbox as OutboxWriter
from brb_shared.reconcile import Lease, wake

_KEPT = timedelta(days=8)
"""Longer than the longest limit."""

_outbox = OutboxWriter(Outbox, Service.DNS)


def _now() -> datetime:
    return datetime.now(UTC)


class CertificateRepository:
    """Implements `certificate.Records`; each method is one transaction."""

    def __init__(self, database: Database, now: Callable[[], datetime] = _now) -> None:
        self._database = database
        self._now = now

    async def load(self, certificate_id: str) -> Certificate | None:
        async with self._database.sessions() as session:
            row = await session.get(CertificateRow, certificate_id)
        return certificate_of(row) if row is not None else None

    async def write(self, certificate: Certificate, lease: Lease, *told: Event | Count) -> None:
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            mine = CertificateRow.id == certificate.id
            await session.execute(update(CertificateRow).where(mine).values(**columns_of(certificate)))
            for one in told:
                if isinstance(one, Count):
                    await self._count(session, certificate, one)
                else:
                    await _outbox.happen(session, DNS_HAPPENED, _happened(certificate, one))

    async def forget(self, certificate: Certificate, lease: Lease) -> None:
        async with self._database.sessions.begin() as session:
            await lease.guard(session)
            await session.execute(delete(CertificateRow).where(CertificateRow.id == certificate.id))

    async def load_account(self, directory: str) -> Account | None:
        async with self._database.sessions() as session:
            row = await session.get(AccountRow, directory)
        return account_of(row) if row is not None else None

    async def add_account(self, account: Account) -> Account:
        values = {"directory": account.directory, "key_sealed": account.key_sealed}
        async with self._database.sessions.begin() as session:
            await session.execute(insert(AccountRow).values(**values).on_conflict_do_nothing())
            row = await session.get_one(AccountRow, account.directory)
        return account_of(row)

    async def change_account(self, account: Account) -> None:
        values = {"uri": account.uri, "contact": account.contact, "held_until": account.held_until}
        mine = AccountRow.directory == account.directory
        async with self._database.sessions.begin() as session:
            await session.execute(update(AccountRow).where(mine).values(**values))

    async def nth_latest(self, counted: Since, number: int) -> datetime | None:
        query = select(AttemptRow.at).where(*_counts(counted)).order_by(AttemptRow.at.desc())
        async with self._database.sessions() as session:
            return (await session.execute(query.offset(number - 1).limit(1))).scalar_one_or_none()

    async def ensure(
        self, cluster_id: str, address: str, *, owner: Owner, retry: bool = False
    ) -> tuple[Certificate, bool] | None:
        """The wanted certificate of an address, and whether it is new; None: the cluster does not have the address.

        `owner`: what the caller may act for, empty parts are any. `retry` ends a pause of ours. An earlier cluster's
        certificate of the same name is marked for removal.
        """
        async with self._database.sessions.begin() as session:
            place = await session.get(AddressRow, address, with_for_update=True)
            if place is None or place.cluster_id != cluster_id or not _may_act(owner, place):
                return None
            row = await _wanted(session, place.domain)
            if row is not None and row.cluster_id != cluster_id:
                await _unwant(session, CertificateRow.id == row.id)
                row = None
            is_new = row is None
            row = row or await _insert(session, place)
            if retry:
                row.asked += 1
            if is_new or retry:
                await wake(session, CertificateWork, row.id, forget_failures=True)
            await session.flush()
            await session.refresh(row)
            return certificate_of(row), is_new

    async def remove(self, certificate_id: str) -> bool:
        """Mark it for removal. False: there is no such one."""
        async with self._database.sessions.begin() as session:
            return bool(await _unwant(session, CertificateRow.id == certificate_id))

    async def list(self, *, owner: Owner | None = None, after: str = "", limit: int = 100) -> Sequence[Certificate]:
        """A page, by id."""
        query = select(CertificateRow).where(CertificateRow.id > after).order_by(CertificateRow.id).limit(limit)
        async with self._database.sessions() as session:
            return [certificate_of(row) for row in (await session.scalars(_of_owner(query, owner))).all()]

    async def figures(self, soonest: int) -> Figures:
        """For the metrics; of the `soonest` that run out first each one's end."""
        row = CertificateRow
        ends = select(row.name, row.issued_not_after).where(row.wanted, row.issued_not_after.is_not(None))
        counts = select(
            func.count(),
            func.count(row.issued_not_after),
            func.count().filter(row.failures > 0),
        ).where(row.wanted)
        async with self._database.sessions() as session:
            expiries = (await session.execute(ends.order_by(row.issued_not_after).limit(soonest))).all()
            wanted, issued, failing = (await session.execute(counts)).one()
            tallies = (await session.scalars(select(TallyRow))).all()
        return Figures(
            expiries=tuple((name, at) for name, at in expiries if at is not None),
            states={"wanted": wanted, "issued": issued, "failing": failing},
            tallies={tally.attempt: tally.count for tally in tallies},
        )

    async def _count(self, session: AsyncSession, certificate: Certificate, count: Count) -> None:
        now, attempt = self._now(), count.attempt.value
        await session.execute(delete(AttemptRow).where(AttemptRow.at < now - _KEPT))
        domain = registered_domain(certificate.name)
        session.add(
            AttemptRow(
                directory=count.directory, attempt=attempt, name=certificate.name, registered_domain=domain, at=now
            )
        )
        tally = insert(TallyRow).values(attempt=attempt, count=1)
        more = tally.on_conflict_do_update(index_elements=["attempt"], set_={"count": TallyRow.count + 1})
        await session.execute(more)


async def purge_certificates(session: AsyncSession, cluster_id: str, addresses: Sequence[str] | None = None) -> None:
    """The cluster, or those addresses of it, go: in the caller's transaction their certificates are to be removed."""
    mine = [CertificateRow.cluster_id == cluster_id]
    if addresses is not None:
        mine.append(CertificateRow.address.in_(addresses))
    await _unwant(session, *mine)


async def _unwant(session: AsyncSession, *which: ColumnElement[bool]) -> int:
    statement = update(CertificateRow).where(*which, CertificateRow.wanted).values(wanted=False)
    ids = (await session.scalars(statement.returning(CertificateRow.id))).all()
    for certificate_id in ids:
        await wake(session, CertificateWork, certificate_id, forget_failures=True)
    return len(ids)


def _may_act(owner: Owner, place: AddressRow) -> bool:
    return owner.cloud in ("", place.cloud) and owner.project_id in ("", place.project_id)


async def _wanted(session: AsyncSession, name: str) -> CertificateRow | None:
    query = select(CertificateRow).where(CertificateRow.name == name, CertificateRow.wanted).with_for_update()
    return (await session.scalars(query)).one_or_none()


async def _insert(session: AsyncSession, place: AddressRow) -> CertificateRow:
    row = CertificateRow(
        id=new_id("crt"),
        name=place.domain,
        cloud=place.cloud,
        project_id=place.project_id,
        cluster_id=place.cluster_id,
        address=place.address,
        project=place.project,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return row


def _of_owner(query: Select[CertificateRow], owner: Owner | None) -> Select[CertificateRow]:
    """Empty parts of the owner are any."""
    for column in ("cloud", "project_id", "cluster_id"):
        value = getattr(owner, column) if owner else ""
        if value:
            query = query.where(getattr(CertificateRow, column) == value)
    return query


def _counts(counted: Since) -> list[ColumnElement[bool]]:
    """SQL of what a limit counts."""
    clauses = [AttemptRow.attempt.in_([attempt.value for attempt in counted.attempts]), AttemptRow.at > counted.after]
    for column in ("name", "registered_domain", "directory"):
        value = getattr(counted, column)
        if value is not None:
            clauses.append(getattr(AttemptRow, column) == value)
    return clauses


def _happened(certificate: Certificate, event: Event) -> Happened:
    return Happened(
        cluster_id=ClusterId(certificate.owner.cluster_id),
        project_id=certificate.owner.project_id,
        source=Service.DNS,
        stage="certificate",
        reason=event.reason,
        message=event.message,
        severity=event.severity,
        code=event.code,
    )
