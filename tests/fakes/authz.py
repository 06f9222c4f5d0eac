"""authz's application for tests, and people who act in it through the gateway."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from brb_authz.app import build_app
from brb_authz.settings import Settings
from brb_shared.access.model import GROUP
from brb_shared.contracts.registry import Service
from brb_shared.http import ServiceKey

ADMIN = "u-admin"
NO_NATS = "nats://127.0.0.1:9"
"""Nobody listens there: at the default address a platform may run beside the tests."""
JSON = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody whom the gateway acts for; each request has a token of its own, as in production."""

    client: httpx.AsyncClient
    key: ServiceKey
    id: str | None
    groups: tuple[str, ...] = ()

    async def send(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        headers = self.key.headers(Service.AUTHZ, self.id, user_name=f"Name of {self.id}", groups=self.groups)
        headers |= options.pop("headers", {})
        return await self.client.request(method, path, json=body, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        return await self.send("POST", path, body, **options)

    async def patch(self, path: str, body: Any, etag: str = "*", **options: Any) -> httpx.Response:
        return await self.send("PATCH", path, body, headers={"If-Match": etag}, **options)

    async def delete(self, path: str, etag: str = "*", **options: Any) -> httpx.Response:
        return await self.send("DELETE", path, headers={"If-Match": etag}, **options)


@dataclass(frozen=True)
class People:
    """The gateway itself, an administrator, and whoever is asked for."""

    client: httpx.AsyncClient
    keys: Mapping[Service, ServiceKey]

    def person(self, id_: str | None, *groups: str, via: Service = Service.API_GATEWAY) -> Person:
        return Person(self.client, self.keys[via], id_, groups)

    @property
    def admin(self) -> Person:
        return self.person(ADMIN)

    @property
    def gateway(self) -> Person:
        return self.person(None)

    async def cluster(self, cluster_id: str, owner: str) -> JSON:
        body = {"owners": [{"kind": "user", "id": owner}]}
        return must(await self.gateway.send("PUT", f"/internal/v1/clusters/{cluster_id}", body))

    async def role(self, *rules: JSON, context: str = "cluster", inherits: tuple[str, ...] = ()) -> str:
        """A custom role that the administrator makes; its id."""
        body = {"display_name": "Custom", "context": context, "rules": list(rules), "inherits": list(inherits)}
        return str(must(await self.admin.post("/internal/v1/roles", body))["id"])

    async def bind(self, subject: str, role_id: str, by: Person | None = None, **scope: str) -> JSON:
        """`subject`: `user:<id>` or `group:<id>`. `scope`: as in the API; none: the platform."""
        return must(await (by or self.admin).post("/internal/v1/role-bindings", binding(subject, role_id, **scope)))

    async def project(self, cluster_id: str, by: Person | None = None, **fields: Any) -> str:
        body = {"cluster_id": cluster_id, "display_name": "A project", **fields}
        return str(must(await (by or self.admin).post("/internal/v1/projects", body))["id"])

    async def namespace(self, cluster_id: str, name: str, project_id: str, by: Person | None = None) -> JSON:
        body = {"name": name, "project_id": project_id}
        return must(await (by or self.admin).post(f"/internal/v1/clusters/{cluster_id}/namespaces", body))


def must(answer: httpx.Response) -> JSON:
    assert answer.is_success, answer.text
    document: JSON = answer.json()
    return document


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and code of an answer that is no success."""
    assert answer.is_error, answer.text
    return answer.status_code, answer.json().get("code", "")


def rule(verbs: str, resources: str, *, api_group: str = GROUP, **more: Any) -> JSON:
    """`rule("get list", "pods", api_group="")`."""
    return {"verbs": verbs.split(), "api_groups": [api_group], "resources": resources.split(), **more}


def binding(subject: str, role_id: str, **scope: str) -> JSON:
    kind, _, id_ = subject.partition(":")
    if "level" not in scope:
        present = [level for level in ("namespace", "project", "cluster") if _key(level) in scope]
        scope = {"level": present[0] if present else "platform", **scope}
    return {"subject": {"kind": kind, "id": id_}, "role_id": role_id, "scope": scope}


def _key(level: str) -> str:
    return level if level == "namespace" else f"{level}_id"


@asynccontextmanager
async def running_authz(settings: Settings) -> AsyncIterator[FastAPI]:
    app = build_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://authz", timeout=30) as client:
        yield client
