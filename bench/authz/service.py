"""The authz service with the bench's world in its tables: PostgreSQL and NATS from their wheels, and a process."""

import json
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, TypeVar

from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert

from bench.dns.processes import on_core
from brb_authz.app import migrate
from brb_authz.models import SCHEMA, BindingRow, NamespaceRow, ProjectRow, RoleRow
from brb_authz.rows import binding_values, from_rule
from brb_authz.settings import Settings
from brb_shared.access.model import Namespace, Project, Role, World
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.http import ServiceKey
from brb_shared.nkey import new_seed
from brb_shared.testing.servers import NatsServer, PostgresServer, Server

CLIENT_CORE, SERVICE_CORE = 0, 1
_ROWS_A_STATEMENT = 2000
_NO_QUOTA: dict[str, dict[str, str]] = {
    "resource_quota": {},
    "namespace_default_resource_quota": {},
    "container_default_resource_limit": {},
}
Thing = TypeVar("Thing")


class AuthzServer(Server):
    """`python -m brb_authz serve` on a port of its own. `key` is the gateway's, with which it may be asked."""

    name = "authz"

    def __init__(self, database_url: str, nats_url: str) -> None:
        super().__init__()
        seed_file, self._public = self.folder / "gateway.key", self.folder / "public.json"
        seed_file.write_text(new_seed())
        self.key = ServiceKey.load(seed_file, Service.API_GATEWAY)
        self._public.write_text(json.dumps({Service.API_GATEWAY.value: self.key.public_nkey}))
        self.database_url = database_url
        self.nats_url = nats_url

    @property
    def settings(self) -> Settings:
        return Settings(database_url=SecretStr(self.database_url), service_public_keys_file=self._public)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "brb_authz", "serve"]

    def environment(self) -> dict[str, str]:
        return dict(os.environ) | {
            "BRB_DATABASE_URL": self.database_url,
            "BRB_NATS_URL": self.nats_url,
            "BRB_SERVICE_PUBLIC_KEYS_FILE": str(self._public),
            "BRB_PORT": str(self.port),
        }


@asynccontextmanager
async def running_service(world: World) -> AsyncIterator[AuthzServer]:
    postgres, nats = PostgresServer(), NatsServer()
    with on_core(CLIENT_CORE):
        postgres.start()
        nats.start()
    server = AuthzServer(postgres.url(), nats.url)
    try:
        await migrate(server.settings)
        await _fill(server.database_url, world)
        with on_core(SERVICE_CORE):
            server.start()
        yield server
    finally:
        server.remove()
        nats.remove()
        postgres.remove()


async def _fill(url: str, world: World) -> None:
    """All at once, before the service starts: it loads the whole world then. The same binding twice is kept once."""
    tables = {
        RoleRow: map(_role, (role for role in world.roles if not role.builtin)),
        ProjectRow: map(_project, world.projects),
        NamespaceRow: map(_namespace, world.namespaces),
        BindingRow: ({"id": binding.id, **binding_values(binding)} for binding in world.bindings),
    }
    database = Database(url, SCHEMA)
    try:
        async with database.sessions() as session, session.begin():
            for table, rows in tables.items():
                for part in _parts(rows):
                    await session.execute(insert(table).on_conflict_do_nothing(), part)
    finally:
        await database.dispose()


def _role(role: Role) -> dict[str, Any]:
    rules = [from_rule(rule) for rule in role.rules]
    return {"id": role.id, "display_name": role.id, "context": role.context.value, "rules": rules, "inherits": []}


def _project(project: Project) -> dict[str, Any]:
    return {"id": project.id, "cluster_id": project.cluster_id, "display_name": project.id, **_NO_QUOTA}


def _namespace(namespace: Namespace) -> dict[str, Any]:
    place = {"cluster_id": namespace.cluster_id, "name": namespace.name, "project_id": namespace.project_id}
    return {**place, "resource_quota": {}}


def _parts(things: Iterable[Thing]) -> Iterator[Sequence[Thing]]:
    remaining = iter(things)
    while part := list(islice(remaining, _ROWS_A_STATEMENT)):
        yield part
