"""`brb` against the real gateway: the whole walk, as a newcomer types it."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from brb_shared.access.model import PLATFORM, Subject, SubjectKind
from brb_shared.contracts.registry import Service
from fakes.access import LocalAccess
from fakes.gateway import Services
from fakes.gateway_cloud import RIGHT_PASSWORD, WillingCloud, catalogue
from fakes.served import serving

Brb = Callable[..., Awaitable["Done"]]


@dataclass(frozen=True)
class Done:
    exit_code: int | None
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


@pytest.fixture
async def brb(app: FastAPI, tmp_path: Path) -> AsyncIterator[Brb]:
    """A process for each command; nobody is signed in yet."""
    async with serving(app, headers={}) as client:
        env = {"HOME": str(tmp_path / "home"), "BRB_HOST": str(client.base_url).rstrip("/"), "PATH": "/usr/bin:/bin"}

        async def call(*words: str, stdin: str = "") -> Done:
            pipe = asyncio.subprocess.PIPE
            command = (sys.executable, "-m", "brb_cli", *words)
            process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
            async with asyncio.timeout(120):
                out, err = await process.communicate(stdin.encode())
            return Done(process.returncode, out.decode(), err.decode())

        yield call


@pytest.fixture
async def signed_in(brb: Brb) -> Brb:
    done = await brb("login", "--username", "alice", "--password-stdin", stdin=f"{RIGHT_PASSWORD}\n")
    assert done.exit_code == 0, done.stderr
    return brb


@pytest.mark.usefixtures("work", "workers")
async def test_a_cluster_is_made_scaled_and_removed(signed_in: Brb) -> None:
    created = await signed_in("cluster", "create", "x")
    assert created.exit_code == 0, created.stderr
    assert created.stdout.splitlines()[1].split()[:4] == ["x", "Ready", "100%", "3/3"]

    scaled = await signed_in("cluster", "scale", "x", "1", "-o", "json")
    assert scaled.exit_code == 0, scaled.stderr
    last = json.loads(scaled.stdout.splitlines()[-1])
    assert last["type"] == "brb.v1.cli.finished"
    assert len(last["data"]["status"]["machines"]) == 2

    shown = await signed_in("cluster", "show", "x", "-o", "yaml")
    applied = await signed_in("apply", "-f", "-", stdin=shown.stdout)
    assert (applied.exit_code, applied.stderr) == (0, "= cluster x\n")

    events = await signed_in("cluster", "events", "x", "-o", "name")
    assert "MachinesDone" in events.stdout

    deleted = await signed_in("cluster", "delete", "x", "--yes")
    assert deleted.exit_code == 0, deleted.stderr
    assert "Cluster x is gone. Removed:" in deleted.stderr
    assert (await signed_in("cluster", "list", "-o", "json")).json == []


async def test_what_does_not_fit_is_not_made(signed_in: Brb, cloud: WillingCloud) -> None:
    cloud.catalogue_answer = catalogue(floating_ips_free=0)
    refused = await signed_in("cluster", "create", "x", "-o", "json")
    assert refused.exit_code == 6
    assert json.loads(refused.stderr)["code"] == "ERR_INFRA_QUOTA_EXCEEDED"
    assert (await signed_in("cluster", "list", "-o", "json")).json == []


async def test_what_the_api_refuses_has_its_exit_code(signed_in: Brb) -> None:
    assert (await signed_in("cluster", "show", "x")).exit_code == 3
    assert (await signed_in("cluster", "create", "x", "--no-wait")).exit_code == 0
    assert (await signed_in("cluster", "create", "x", "--no-wait")).exit_code == 8
    assert (await signed_in("cluster", "kubeconfig", "x")).exit_code == 8
    wrong = await signed_in("cluster", "create", "y", "--flavor", "m9")
    assert wrong.exit_code == 1
    assert "m9" in wrong.stderr
    assert (await signed_in("wait", "cluster/x", "--timeout", "1s")).exit_code == 7
    assert (await signed_in("logout")).exit_code == 0
    assert (await signed_in("cluster", "list")).exit_code == 4


async def test_a_refused_password_is_told(brb: Brb) -> None:
    done = await brb("login", "--username", "alice", "--password-stdin", stdin="wrong\n")
    assert done.exit_code == 4
    assert "Check the user, password" in done.stderr


async def test_choices_webhooks_and_the_doctor(signed_in: Brb) -> None:
    assert "m1.medium" in (await signed_in("cloud", "choices")).stdout
    assert (await signed_in("cluster", "create", "x", "--dry-run", "-o", "json")).json["fits"] is True
    made = await signed_in("webhook", "create", "http://127.0.0.1:9/hook", "-o", "json")
    assert made.json["secret"].startswith("whsec_")
    assert (await signed_in("webhook", "delete", made.json["id"], "--yes")).exit_code == 0
    doctor = await signed_in("doctor")
    assert doctor.exit_code == 0, doctor.stdout + doctor.stderr
    assert (await signed_in("__words", "--", "cloud", "choices", "")).stdout == "test\n"


async def test_a_role_is_made_given_asked_about_and_taken_back(
    signed_in: Brb, authz: httpx.AsyncClient, services: Services
) -> None:
    made = await signed_in("cluster", "create", "x", "--no-wait", "-o", "json")
    headers = services.keys[Service.API_GATEWAY].headers(Service.AUTHZ)
    owners = {"owners": [{"kind": "group", "id": "keystone:test:project-alice"}]}
    await authz.put(f"/internal/v1/clusters/{made.json['metadata']['id']}", json=owners, headers=headers)

    project = await signed_in("project", "create", "Shop", "--cluster", "x", "--quota", "pods=10", "-o", "name")
    assert project.exit_code == 0, project.stderr
    assert (await signed_in("namespace", "create", "shop", "--project", "Shop", "--cluster", "x")).exit_code == 0

    given = ("binding", "create", "--role", "project-member", "--group", "oidc:corp:astro", "--project", "Shop")
    planned = await signed_in(*given, "--cluster", "x", "--dry-run")
    assert "group:oidc:corp:astro" in planned.stdout
    asked = ("access", "can", "create", "pods.core", "--namespace", "shop", "--cluster", "x")
    assert (await signed_in(*asked, "--as-group", "oidc:corp:astro")).exit_code == 5
    binding = await signed_in(*given, "--cluster", "x", "-o", "name")
    assert "Warning: whoever has this can run commands in running containers" in binding.stderr
    why = await signed_in(*asked, "--as-group", "oidc:corp:astro", "--explain")
    assert (why.exit_code, "of project-member at project p-" in why.stdout) == (0, True), why.stdout + why.stderr
    who = await signed_in("access", "who-can", *asked[2:])
    assert "group:oidc:corp:astro" in who.stdout
    rules = await signed_in("access", "rules", "--cluster", "x", "-o", "json")
    assert {"verbs", "api_groups", "resources", "resource_names", "non_resource_urls"} == set(rules.json[0])

    refused = await signed_in("role", "create", "Mine", "--context", "cluster", "--rule", "get pods.core")
    assert (refused.exit_code, "create roles" in refused.stderr) == (5, True), refused.stderr
    assert (await signed_in("binding", "delete", binding.stdout.strip(), "--yes")).exit_code == 0
    assert (await signed_in("project", "delete", "Shop", "--cluster", "x", "--yes")).exit_code == 8, "it is in use"
    assert (await signed_in("namespace", "delete", "shop", "--cluster", "x", "--yes")).exit_code == 0
    assert (await signed_in("project", "delete", project.stdout.strip(), "--yes")).exit_code == 0
    assert (await signed_in("project", "list", "-o", "json")).json == []


async def test_an_administrator_disables_and_enables_users(
    signed_in: Brb, access: LocalAccess, bob: httpx.AsyncClient
) -> None:
    access.bind("platform-admin", Subject(SubjectKind.USER, "user-alice"), PLATFORM)
    listed = await signed_in("user", "list", "-o", "json")
    assert [user["id"] for user in listed.json] == ["user-alice", "user-bob"]
    disabled = await signed_in("user", "disable", "bob", "--yes")
    assert (disabled.exit_code, disabled.stderr) == (0, "User user-bob is disabled\n")
    assert (await signed_in("user", "list", "--disabled", "-o", "name")).stdout == "user-bob\n"
    assert (await signed_in("user", "enable", "user-bob")).exit_code == 0
    assert (await signed_in("user", "disable", "alice", "--yes")).exit_code == 8
    assert (await signed_in("user", "disable", "mallory", "--yes")).exit_code == 3


async def test_an_administrator_adds_and_removes_an_issuer(signed_in: Brb, access: LocalAccess) -> None:
    access.bind("platform-admin", Subject(SubjectKind.USER, "user-alice"), PLATFORM)
    words = ("corp", "--issuer", "https://8.8.8.8/corp", "--client-id", "brb", "--allowed-group", "ops")
    made = await signed_in(
        "identity-provider", "create", *words, "--client-secret-stdin", "-o", "json", stdin="issuer-secret\n"
    )
    assert made.exit_code == 0, made.stderr
    assert (made.json["has_client_secret"], made.json["allowed_groups"]) == (True, ["ops"])
    assert (await signed_in("identity-provider", "disable", "corp", "--yes")).exit_code == 0
    assert (await signed_in("identity-provider", "enable", "corp")).exit_code == 0
    assert (await signed_in("identity-provider", "delete", "local", "--yes")).exit_code == 8
    assert (await signed_in("identity-provider", "delete", "corp", "--yes")).exit_code == 0
    left = await signed_in("identity-provider", "list", "-o", "name")
    assert left.stdout.split() == ["keystone-test", "local"]
