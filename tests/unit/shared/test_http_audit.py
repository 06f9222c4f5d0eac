"""Every mutating call and every denial leaves an entry, or does not happen."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request

from brb_shared.contracts.audit import AuditEntry, AuditTarget, AuditUser, Verdict
from brb_shared.http import Problem, create_app, strangers
from brb_shared.http.audit import AuditTrail, acts_on, digest, recorder_of
from fakes.audit_trails import FullDiskTrail, RememberingTrail, RollingBackTrail

NO_SESSION: Any = None


def app_with(trail: AuditTrail) -> FastAPI:
    router = APIRouter()

    @router.post("/things", status_code=201)
    async def make(request: Request) -> dict[str, str]:
        recorder = recorder_of(request)
        recorder.user = AuditUser(id="u-1", name="Ada", groups=("g-1",))
        recorder.target = AuditTarget(verb="create", resource="things", id="t-1", cluster_id="c-1")
        recorder.decision, recorder.rule, recorder.access_revision = Verdict.ALLOW, "thing-owner by rb-1", 7
        recorder.before, recorder.after = {"name": "old"}, {"name": "new", "password": "hunter2"}
        return {}

    @router.get("/things")
    async def read() -> dict[str, str]:
        return {}

    @router.get("/denied")
    async def denied(request: Request) -> None:
        recorder_of(request).decision = Verdict.DENY
        raise Problem(404, "not_found", "nothing here")

    @router.get("/forbidden")
    async def forbidden() -> None:
        raise Problem(403, "not_allowed", "not for you")

    @router.get("/clusters/{cluster_id}/secrets/{secret}", dependencies=[Depends(acts_on("get", "secrets", "secret"))])
    async def disclose(request: Request) -> dict[str, str]:
        recorder_of(request).is_disclosure = True
        recorder_of(request).remote_addr = "198.51.100.1"
        return {}

    @router.post("/unknown")
    async def unknown() -> None:
        raise Problem(401, "not_signed_in", "who are you?")

    @router.post("/questions")
    async def ask(request: Request) -> dict[str, str]:
        recorder_of(request).is_read = True
        return {}

    @router.delete("/kept")
    async def kept(request: Request) -> None:
        await trail.keep(NO_SESSION, request, 200)

    @router.delete("/rolled-back")
    async def rolled_back(request: Request) -> None:
        await trail.keep(NO_SESSION, request, 200)
        raise Problem(409, "conflict", "the commit failed")

    @router.put("/bug")
    async def bug() -> None:
        raise LookupError("a bug")

    async def readiness() -> dict[str, bool]:
        return {}

    return create_app(
        title="t", service="t", version="1", description="", routers=[router], readiness=readiness, audit=lambda: trail
    )


async def call(trail: AuditTrail, method: str, path: str, **options: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app_with(trail), raise_app_exceptions=False, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        return await client.request(method, path, **options)


async def recorded(method: str, path: str, **options: Any) -> list[AuditEntry]:
    trail = RememberingTrail()
    await call(trail, method, path, **options)
    return trail.entries


async def test_a_change_is_recorded_with_all_that_is_known_of_it() -> None:
    headers = {"User-Agent": "brb/1", "X-Request-Id": "r-1"}
    (entry,) = await recorded("POST", "/things?token=abc&name=x", headers=headers)
    assert (entry.method, entry.response_code, entry.remote_addr) == ("POST", 201, "192.0.2.7")
    assert entry.request_uri == "/things?token=[redacted]&name=x"
    assert (entry.user.id, entry.user.groups, entry.user_agent, entry.request_id) == ("u-1", ("g-1",), "brb/1", "r-1")
    assert (entry.decision, entry.rule, entry.access_revision) == (Verdict.ALLOW, "thing-owner by rb-1", 7)
    assert entry.target.cluster_id == "c-1"
    assert entry.request_timestamp <= entry.response_timestamp
    assert entry.before_digest == digest({"name": "old"})


async def test_the_digest_does_not_depend_on_secrets() -> None:
    (entry,) = await recorded("POST", "/things")
    assert entry.after_digest == digest({"name": "new", "password": "another"})
    assert entry.after_digest != digest({"name": "newer", "password": "hunter2"})


@pytest.mark.parametrize(("method", "path"), [("GET", "/things"), ("POST", "/questions")])
async def test_reading_is_not_recorded(method: str, path: str) -> None:
    assert await recorded(method, path) == []


@pytest.mark.parametrize("path", ["/denied", "/forbidden"])
async def test_a_denied_read_is_recorded(path: str) -> None:
    assert len(await recorded("GET", path)) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/forbidden"), ("POST", "/unknown")])
async def test_a_refusal_is_a_denial_whoever_refused(method: str, path: str) -> None:
    (entry,) = await recorded(method, path)
    assert entry.decision is Verdict.DENY


async def test_strangers_cannot_fill_the_log() -> None:
    now = 1000.0
    trail = RememberingTrail(strangers.Strangers(lambda: now))
    transport = httpx.ASGITransport(app_with(trail), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answers = [await client.post("/unknown") for _ in range(strangers.MOST_A_MINUTE + 5)]
        assert {answer.status_code for answer in answers} == {401}
        assert len(trail.entries) == strangers.MOST_A_MINUTE
        await client.post("/things")
        assert trail.entries[-1].user.id == "u-1"
        now += 60
        await client.post("/unknown")
        assert trail.entries[-1].message.startswith("5 more requests of unknown callers")
        await client.post("/unknown")
        assert trail.entries[-1].message == ""


async def test_what_an_unknown_caller_did_is_always_recorded() -> None:
    trail = RememberingTrail()
    transport = httpx.ASGITransport(app_with(trail), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        for _ in range(strangers.MOST_A_MINUTE + 5):
            await client.put("/bug")
    assert len(trail.entries) == strangers.MOST_A_MINUTE + 5


async def test_a_secret_handed_out_is_recorded_with_what_it_is_of_and_for_whom() -> None:
    (entry,) = await recorded("GET", "/clusters/c-1/secrets/s-1")
    assert (entry.target.resource, entry.target.id, entry.target.cluster_id) == ("secrets", "s-1", "c-1")
    assert (entry.remote_addr, entry.decision) == ("198.51.100.1", Verdict.NONE)


async def test_a_secret_that_cannot_be_recorded_is_not_handed_out() -> None:
    answer = await call(FullDiskTrail(), "GET", "/clusters/c-1/secrets/s-1")
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")


async def test_a_bug_in_a_change_is_recorded_as_such() -> None:
    (entry,) = await recorded("PUT", "/bug")
    assert entry.response_code == 500


async def test_a_change_that_cannot_be_recorded_is_not_said_to_be_done() -> None:
    answer = await call(FullDiskTrail(), "POST", "/things")
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
    assert answer.headers["x-request-id"]


async def test_what_went_into_the_changes_own_transaction_is_not_recorded_twice() -> None:
    trail = RollingBackTrail()
    await call(trail, "DELETE", "/kept")
    assert trail.entries == []


async def test_a_rolled_back_change_is_recorded_with_its_failure() -> None:
    trail = RollingBackTrail()
    await call(trail, "DELETE", "/rolled-back")
    assert [entry.response_code for entry in trail.entries] == [409]
