"""The certificates' SQL on a real PostgreSQL: whose they are, what a pass writes, what limits and metrics count."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import Metric
from sqlalchemy import select, update

from brb_dns.certificates.certificate import (
    Account,
    Attempt,
    Certificate,
    Count,
    Event,
    Issued,
    Order,
    Owner,
    Proof,
    Since,
)
from brb_dns.certificates.figures import CertificateFigures
from brb_dns.certificates.models import AttemptRow, CertificateWork
from brb_dns.certificates.repository import CertificateRepository, purge_certificates
from brb_dns.models import SCHEMA, AddressRow, Outbox
from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType
from brb_shared.database import Database, run_migrations
from brb_shared.reconcile import Lease, LeaseLost

ADDRESS = "198.51.100.7"
NAME = f"shop.{ADDRESS}.web.brb.test"
ANY = Owner("", "", "")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    await run_migrations(postgres_url, "brb_dns:migrations", SCHEMA)
    opened = Database(postgres_url, SCHEMA)
    yield opened
    await opened.dispose()


@pytest.fixture
async def records(database: Database) -> CertificateRepository:
    await give_address(database, "c-1", "p-1")
    return CertificateRepository(database, lambda: NOW)


async def give_address(database: Database, cluster_id: str, project_id: str) -> None:
    """The address is this cluster's from now on."""
    row = AddressRow(
        address=ADDRESS, cluster_id=cluster_id, cloud="test", project_id=project_id, project="shop", domain=NAME
    )
    async with database.sessions.begin() as session:
        await session.merge(row)


async def ensured(records: CertificateRepository, cluster_id: str = "c-1", **more: bool) -> Certificate:
    found = await records.ensure(cluster_id, ADDRESS, owner=ANY, **more)
    assert found is not None
    return found[0]


async def lease_of(database: Database, certificate: Certificate) -> Lease:
    """As a loop that claims the row."""
    claim = update(CertificateWork).where(CertificateWork.key == certificate.id)
    async with database.sessions.begin() as session:
        claimed = claim.values(lease_token=CertificateWork.lease_token + 1).returning(CertificateWork.lease_token)
        token = (await session.execute(claimed)).scalar_one()
    return Lease(certificate.id, token, 0, 0, CertificateWork)


def issued(not_after: datetime) -> Issued:
    return Issued("d", "pem", b"sealed", "1f", NOW, not_after, NOW, NOW)


async def test_a_certificate_is_made_once_and_for_who_has_the_address(records: CertificateRepository) -> None:
    first = await records.ensure("c-1", ADDRESS, owner=Owner("test", "p-1", ""))
    assert first is not None
    certificate, is_new = first
    assert is_new
    assert certificate.names == (f"*.{NAME}", NAME)
    assert await records.ensure("c-1", ADDRESS, owner=ANY) == (certificate, False)
    assert await records.ensure("c-1", ADDRESS, owner=Owner("test", "p-2", "")) is None
    assert await records.ensure("c-2", ADDRESS, owner=ANY) is None
    assert await records.ensure("c-1", "198.51.100.8", owner=ANY) is None


async def test_all_that_a_pass_knows_comes_back(records: CertificateRepository, database: Database) -> None:
    certificate = await ensured(records)
    proofs = (Proof(f"_acme-challenge.{NAME}", "one"), Proof(f"_acme-challenge.{NAME}", "two"))
    order = Order("d", b"sealed", NOW, "https://ca.test/order/1", "old", proofs, ("https://ca.test/challenge/1",))
    condition = Condition(type=ConditionType.READY, status=ConditionStatus.TRUE, reason="Issued")
    changed = replace(
        certificate,
        order=order,
        issued=issued(NOW + timedelta(days=90)),
        failures=2,
        retry_at=NOW,
        held_until=NOW + timedelta(hours=1),
        conditions=(condition,),
    )
    lease = await lease_of(database, certificate)
    await records.write(changed, lease)
    assert await records.load(certificate.id) == changed
    await records.write(replace(changed, order=None), lease)
    after = await records.load(certificate.id)
    assert after is not None
    assert after.order is None


async def test_a_pass_does_not_undo_what_the_api_wrote_meanwhile(
    records: CertificateRepository, database: Database
) -> None:
    certificate = await ensured(records)
    lease = await lease_of(database, certificate)
    await ensured(records, retry=True)
    await records.write(replace(certificate, failures=1), lease)
    after = await records.load(certificate.id)
    assert after is not None
    assert (after.asked, after.failures) == (1, 1)
    assert after.is_retried


async def test_a_pass_that_was_overtaken_writes_nothing(records: CertificateRepository, database: Database) -> None:
    certificate = await ensured(records)
    old = await lease_of(database, certificate)
    await lease_of(database, certificate)
    event = Event("CertificateIssued", "")
    with pytest.raises(LeaseLost):
        await records.write(replace(certificate, failures=7), old, event, Count(Attempt.ISSUED, "d"))
    assert await records.load(certificate.id) == certificate
    async with database.sessions() as session:
        assert (await session.scalars(select(Outbox))).all() == []


async def test_an_address_that_goes_to_another_cluster_gives_it_a_certificate_of_its_own(
    records: CertificateRepository, database: Database
) -> None:
    first = await ensured(records)
    async with database.sessions.begin() as session:
        await purge_certificates(session, "c-1", ["198.51.100.8"])
    assert (await records.list())[0].wanted
    async with database.sessions.begin() as session:
        await purge_certificates(session, "c-1", [ADDRESS])
    await give_address(database, "c-2", "p-2")
    second = await ensured(records, "c-2")
    assert second.id != first.id
    assert second.name == first.name
    by_id = {one.id: one for one in await records.list()}
    assert not by_id[first.id].wanted
    assert by_id[second.id].wanted
    mine = await records.list(owner=Owner("test", "p-2", ""))
    assert [one.id for one in mine] == [second.id]


async def test_a_certificate_of_an_earlier_cluster_goes_when_the_new_one_asks(
    records: CertificateRepository, database: Database
) -> None:
    first = await ensured(records)
    await give_address(database, "c-2", "p-2")
    second = await ensured(records, "c-2")
    assert {one.id: one.wanted for one in await records.list()} == {first.id: False, second.id: True}
    assert await records.remove(first.id) is False
    assert await records.remove(second.id) is True


async def test_limits_count_the_right_attempts(records: CertificateRepository, database: Database) -> None:
    certificate = await ensured(records)
    lease = await lease_of(database, certificate)
    await records.write(certificate, lease, Count(Attempt.ORDERED, "d"), Count(Attempt.FAILED, "d"))
    await records.write(certificate, lease, Count(Attempt.ORDERED, "other"))
    hour = NOW - timedelta(hours=1)
    assert await records.nth_latest(Since((Attempt.ORDERED,), hour, directory="d"), 1) == NOW
    assert await records.nth_latest(Since((Attempt.ORDERED,), hour, directory="d"), 2) is None
    assert await records.nth_latest(Since((Attempt.ORDERED,), hour), 2) == NOW
    assert await records.nth_latest(Since((Attempt.FAILED,), hour, name=NAME), 1) == NOW
    assert await records.nth_latest(Since((Attempt.FAILED,), hour, name="x"), 1) is None
    assert await records.nth_latest(Since((Attempt.FAILED,), hour, registered_domain="brb.test"), 1) == NOW
    assert await records.nth_latest(Since((Attempt.FAILED,), NOW), 1) is None


async def test_old_attempts_are_dropped(records: CertificateRepository, database: Database) -> None:
    certificate = await ensured(records)
    lease = await lease_of(database, certificate)
    await records.write(certificate, lease, Count(Attempt.ORDERED, "d"))
    later = CertificateRepository(database, lambda: NOW + timedelta(days=9))
    await later.write(certificate, lease, Count(Attempt.ISSUED, "d"))
    async with database.sessions() as session:
        assert [row.attempt for row in (await session.scalars(select(AttemptRow))).all()] == ["issued"]


async def test_the_first_account_of_a_directory_stays(records: CertificateRepository) -> None:
    first = await records.add_account(Account("d", b"one"))
    assert await records.add_account(Account("d", b"two")) == first
    await records.change_account(replace(first, uri="u", held_until=NOW, contact="ops@example.org"))
    assert await records.load_account("d") == Account("d", b"one", "u", NOW, "ops@example.org")
    assert await records.load_account("other") is None


async def test_the_metrics_say_when_certificates_run_out_and_what_was_done(
    records: CertificateRepository, database: Database
) -> None:
    certificate = await ensured(records)
    lease = await lease_of(database, certificate)
    changed = replace(certificate, issued=issued(NOW + timedelta(days=30)), failures=1)
    await records.write(changed, lease, Count(Attempt.ISSUED, "d"), Count(Attempt.FAILED, "d"))
    figures = CertificateFigures(records, lambda: NOW)
    await figures.read()
    metrics: dict[str, Metric] = {metric.name: metric for metric in figures.collect()}
    expiry = metrics["brb_dns_certificate_seconds_to_expiry"].samples[0]
    assert (expiry.labels, expiry.value) == ({"name": NAME}, 30 * 86_400)
    states = {sample.labels["state"]: sample.value for sample in metrics["brb_dns_certificates"].samples}
    assert states == {"wanted": 1, "issued": 1, "failing": 1}
    attempts = {s.labels["attempt"]: s.value for s in metrics["brb_dns_certificate_attempts"].samples}
    assert attempts == {"ordered": 0, "issued": 1, "renewed": 0, "failed": 1, "revoked": 0}
