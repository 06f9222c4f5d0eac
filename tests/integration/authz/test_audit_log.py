"""The audit log in real PostgreSQL: appended in a chain, not to be changed, verifiable after retention."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from brb_authz.audit import repository
from brb_authz.audit.messages import AuditMessages
from brb_authz.audit.service import AuditService
from brb_authz.models import SCHEMA
from brb_authz.settings import Settings
from brb_authz.world import CurrentWorld
from brb_cli.audit_chain import check_lines
from brb_shared.contracts.access_api.audit import AuditFilter
from brb_shared.contracts.audit import AuditEntry, Verdict
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from fakes.audit_log import entry

COUNT = 30


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    yield database
    await database.dispose()


async def fill(database: Database, count: int = COUNT) -> None:
    messages = AuditMessages(database, Service.API_GATEWAY)
    for number in range(count):
        await messages.on_audit(envelope(number))


def envelope(number: int) -> Envelope[AuditEntry]:
    return Envelope[AuditEntry](source="/brb/api-gateway", type="t", subject="c-1", data=entry(number))


async def exported(database: Database) -> list[str]:
    lines = [lines async for lines in AuditService(database, CurrentWorld(database)).export(AuditFilter())]
    return "".join(lines).splitlines()


async def faults(database: Database) -> list[int]:
    """The entries that the command line finds fault with."""
    return [fault.seq for fault in check_lines(await exported(database)).finish()]


async def tamper(database: Database, *statements: str) -> None:
    """As a superuser of the database may: without triggers."""
    async with database.sessions.begin() as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            await session.execute(text(statement))


async def test_entries_are_chained_and_found_sound(database: Database) -> None:
    await fill(database)
    assert await faults(database) == []
    assert len(await exported(database)) == COUNT + 1


async def test_the_same_entry_twice_is_kept_once(database: Database) -> None:
    messages = AuditMessages(database, Service.API_GATEWAY)
    await messages.on_audit(envelope(1))
    await messages.on_audit(envelope(1))
    assert len(await exported(database)) == 2


async def test_no_service_speaks_for_another(database: Database) -> None:
    await AuditMessages(database, Service.INSTALLER).on_audit(envelope(1))
    assert json.loads((await exported(database))[1])["entry"]["service"] == "installer"


async def test_writers_at_the_same_time_make_one_chain(database: Database) -> None:
    messages = [AuditMessages(database, service) for service in Service]
    await asyncio.gather(*(messages[number % len(messages)].on_audit(envelope(number)) for number in range(40)))
    assert await faults(database) == []
    assert len(await exported(database)) == 41


async def test_a_flipped_byte_is_found(database: Database) -> None:
    await fill(database)
    flipped = "jsonb_set(entry, '{request_uri}', '\"/v1/clusters/x\"')"
    await tamper(database, f"UPDATE authz.audit_entries SET entry = {flipped} WHERE seq = 7")
    assert await faults(database) == [7]


async def test_a_deleted_row_is_found(database: Database) -> None:
    await fill(database)
    await tamper(database, "DELETE FROM authz.audit_entries WHERE seq = 7")
    assert set(await faults(database)) == {8}


async def test_a_deleted_end_is_found(database: Database) -> None:
    await fill(database)
    await tamper(database, f"DELETE FROM authz.audit_entries WHERE seq > {COUNT - 3}")
    assert await faults(database) == [COUNT]


async def test_a_deleted_beginning_without_an_anchor_is_found(database: Database) -> None:
    await fill(database)
    await tamper(database, "DELETE FROM authz.audit_entries WHERE seq < 5")
    assert set(await faults(database)) == {5}


async def test_a_reordered_pair_is_found(database: Database) -> None:
    await fill(database)
    swap = "UPDATE authz.audit_entries SET seq = {} WHERE seq = {}"
    await tamper(database, swap.format(-1, 7), swap.format(7, 8), swap.format(8, -1))
    assert set(await faults(database)) == {7, 8, 9}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE authz.audit_entries SET hash = hash WHERE seq = 4",
        "DELETE FROM authz.audit_entries WHERE seq = 4",
        "TRUNCATE authz.audit_entries",
        "UPDATE authz.audit_anchors SET hash = hash",
        "SELECT set_config('authz.retention', '5', true); DELETE FROM authz.audit_entries WHERE seq <= 5",
    ],
)
async def test_the_table_refuses_to_be_changed_even_to_a_superuser_who_keeps_its_triggers(
    database: Database, statement: str
) -> None:
    await fill(database, 5)
    await run_retention(database, 2)
    connection = await asyncpg.connect(database.url.replace("+asyncpg", ""))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_services_own_login_has_no_right_to_change_entries(database: Database) -> None:
    await fill(database, 3)
    async with database.sessions.begin() as session:
        await become_a_login(session)
    for act in ("UPDATE authz.audit_entries SET hash = hash", "DELETE FROM authz.audit_entries"):
        with pytest.raises(DBAPIError, match="permission denied"):
            await run_as_login(database, act)
    async with database.sessions.begin() as session:
        await session.execute(text("SET LOCAL ROLE authz_login"))
        assert await repository.append(session, entry(99))
        assert await repository.remove_older(session, datetime.now(UTC) + timedelta(seconds=1), 2) == 2
    async with database.sessions.begin() as session:
        await session.execute(text("REASSIGN OWNED BY authz_login TO postgres"))
        await session.execute(text("DROP OWNED BY authz_login"))
        await session.execute(text("DROP ROLE authz_login"))


async def run_as_login(database: Database, statement: str) -> None:
    async with database.sessions.begin() as session:
        await session.execute(text("SET LOCAL ROLE authz_login"))
        await session.execute(text(statement))


async def become_a_login(session: AsyncSession) -> None:
    """As in production: an unprivileged login owns the schema, and has revoked from itself."""
    tables = ("audit_entries", "audit_anchors", "audit_head")
    await session.execute(text("CREATE ROLE authz_login"))
    await session.execute(text("GRANT ALL ON SCHEMA authz TO authz_login"))
    for table in tables:
        await session.execute(text(f"ALTER TABLE authz.{table} OWNER TO authz_login"))


async def run_retention(database: Database, most: int) -> int:
    async with database.sessions.begin() as session:
        return await repository.remove_older(session, datetime.now(UTC) + timedelta(seconds=1), most)


async def test_retention_leaves_an_anchor_and_a_chain_that_verifies(database: Database) -> None:
    await fill(database)
    assert await run_retention(database, 10) == 10
    assert await run_retention(database, 5) == 5
    await fill_one_more(database)
    lines = await exported(database)
    assert json.loads(lines[0])["head"]["anchor"]["seq"] == 15
    assert json.loads(lines[1])["seq"] == 16
    assert await faults(database) == []


async def fill_one_more(database: Database) -> None:
    await AuditMessages(database, Service.DNS).on_audit(envelope(1000))


async def test_retention_of_everything_leaves_a_log_that_goes_on(database: Database) -> None:
    await fill(database, 4)
    assert await run_retention(database, 100) == 4
    assert await faults(database) == []
    await fill_one_more(database)
    assert await faults(database) == []


async def test_young_entries_are_kept(database: Database) -> None:
    await fill(database, 4)
    async with database.sessions.begin() as session:
        assert await repository.remove_older(session, datetime.now(UTC) - timedelta(days=1), 100) == 0


async def test_entries_are_filtered_and_paged(database: Database) -> None:
    await fill(database, 7)
    denied = entry(100, user="u-2", decision=Verdict.DENY)
    async with database.sessions.begin() as session:
        await repository.append(session, denied)
    service = AuditService(database, CurrentWorld(database))
    everything = AuditFilter()
    first = await service.list(everything, oldest_first=False, page_size=5, page_token=None)
    second = await service.list(everything, oldest_first=False, page_size=5, page_token=first.next_page_token)
    assert [item.seq for item in (*first.items, *second.items)] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert second.next_page_token is None
    found = await service.list(AuditFilter(decision=Verdict.DENY), oldest_first=True, page_size=5, page_token=None)
    assert [item.entry["user"]["id"] for item in found.items] == ["u-2"]
    none = await service.list(AuditFilter(user_id="u-3"), oldest_first=True, page_size=5, page_token=None)
    assert none.items == []
