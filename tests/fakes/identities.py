"""People who sign in elsewhere than in Keystone, and what the audit log hears of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from brb_api_gateway.container import Container
from brb_api_gateway.identities.identity import Identity, oidc_groups, oidc_user
from brb_api_gateway.sessions.principal import OIDC
from fakes.gateway import client_of

CORP = "corp"


@asynccontextmanager
async def signed_in_by_oidc(app: FastAPI, subject: str, *groups: str) -> AsyncIterator[httpx.AsyncClient]:
    """As after the issuer has vouched for him."""
    container: Container = app.state.container
    identity = Identity(
        user_id=oidc_user(CORP, subject),
        identity_provider=CORP,
        subject=subject,
        name=subject,
        email=f"{subject}@corp.example",
        groups=oidc_groups(CORP, groups),
    )
    _, token = await container.sessions.start(identity, OIDC)
    async with client_of(app) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


async def rows(app: FastAPI, query: str) -> list[Any]:
    container: Container = app.state.container
    async with container.database.sessions() as session:
        return list((await session.execute(text(query))).all())


async def execute(app: FastAPI, statement: str) -> None:
    container: Container = app.state.container
    async with container.database.sessions.begin() as session:
        await session.execute(text(statement))


async def audited(app: FastAPI) -> list[dict[str, Any]]:
    """Entries on their way to authz, oldest first."""
    query = "SELECT body::jsonb->'data' FROM api_gateway.outbox WHERE subject LIKE 'brb.v1.audit.%' ORDER BY seq"
    return [entry for (entry,) in await rows(app, query)]
