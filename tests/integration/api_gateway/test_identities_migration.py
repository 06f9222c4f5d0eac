"""A platform from before there were users: its sessions and API tokens go on, each with a user."""

from sqlalchemy import text

from brb_api_gateway.database import SCHEMA
from brb_shared.database import Database, run_migrations

MIGRATIONS = "brb_api_gateway:migrations"
BEFORE = (
    """
    INSERT INTO api_gateway.sessions
        (id, token_hash, cloud, user_id, user_name, project_id, project_name, method, sealed_token,
         created_at, expires_at)
    VALUES
        ('s-1', '1', 'test', 'user-alice', 'alice', 'p', 'P', 'password', '', now() - interval '1 hour', now()),
        ('s-2', '2', 'test', 'user-alice', 'alice renamed', 'p', 'P', 'password', '', now(), now())
    """,
    """
    INSERT INTO api_gateway.api_tokens
        (id, token_hash, name, cloud, user_id, user_name, project_id, project_name, credential_id, verbs, resources,
         created_at, expires_at)
    VALUES ('t-1', '', 'ci', 'test', 'user-bob', 'bob', 'p', 'P', 'cr-1', '[]', '[]', now(), now())
    """,
)
USERS = "SELECT id, identity_provider, subject, name, groups FROM api_gateway.users ORDER BY id"
KEPT = """
    SELECT id, identity_provider, cloud_user_id FROM api_gateway.sessions
    UNION ALL SELECT id, identity_provider, cloud_user_id FROM api_gateway.api_tokens
    ORDER BY id
"""


async def test_sessions_and_tokens_from_before_belong_to_users(postgres_url: str) -> None:
    database = Database(postgres_url, SCHEMA)
    try:
        await run_migrations(postgres_url, MIGRATIONS, SCHEMA, "0002")
        async with database.sessions.begin() as session:
            for statement in BEFORE:
                await session.execute(text(statement))
        await run_migrations(postgres_url, MIGRATIONS, SCHEMA)
        async with database.sessions() as session:
            users = [tuple(row) for row in await session.execute(text(USERS))]
            kept = [tuple(row) for row in await session.execute(text(KEPT))]
    finally:
        await database.dispose()
    assert users == [
        ("user-alice", "keystone-test", "user-alice", "alice renamed", []),
        ("user-bob", "keystone-test", "user-bob", "bob", []),
    ]
    assert kept == [
        ("s-1", "keystone-test", "user-alice"),
        ("s-2", "keystone-test", "user-alice"),
        ("t-1", "keystone-test", "user-bob"),
    ]
