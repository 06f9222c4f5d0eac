"""OpenID AuthZEN Authorization API 1.0: the certification scenario and the Todo interop scenario, on real roles.

Source: OpenID AuthZEN, "Authorization API 1.0 – Certification Scenario" (levels Basic, Batch, Search, Discovery) and
the Todo interop scenario's payload specification. The fixtures are roles and bindings, made through the API.
"""

from typing import Any

import httpx
import pytest

from brb_shared.contracts.registry import Service
from fakes.authz import People, rule

BASE = "/access/v1"
ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
ADMIN_BOB = {**BOB, "properties": {"role": "admin"}}
READ, WRITE = {"name": "read"}, {"name": "write"}
RECORD_1, RECORD_2 = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ACTIVE_1 = {**RECORD_1, "properties": {"status": "active"}}
ARCHIVED_2 = {**RECORD_2, "properties": {"status": "archived"}}
SOFT, HARD = {"name": "delete", "properties": {"soft": True}}, {"name": "delete", "properties": {"soft": False}}
CONTEXT = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}


def asked(subject: Any, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"subject": subject, "action": action, "resource": resource, **more}


@pytest.fixture(scope="module")
async def records(shared_people: People) -> People:
    """The required fixture: what alice and bob may do with two records."""
    people = shared_people
    alice = await people.role(
        rule("read write delete?soft=true", "record", resource_names=["record-1"]), context="global"
    )
    bob = await people.role(
        rule("read", "record", resource_names=["record-1"]),
        rule("write", "record", resource_names=["record-2"]),
        context="global",
    )
    await people.bind("user:alice", alice)
    await people.bind("user:bob", bob)
    return people


async def post(people: People, path: str, body: Any, **options: Any) -> httpx.Response:
    return await people.person(None, via=Service.API_GATEWAY).post(f"{BASE}/{path}", body, **options)


async def answer_of(people: People, path: str, body: Any) -> Any:
    answer = await post(people, path, body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


# --- Basic ---------------------------------------------------------------------------------------------------------

EXTRA = asked(
    {**ALICE, "properties": {"department": "Sales", "role": "manager"}},
    {**READ, "properties": {"method": "GET"}},
    {**RECORD_1, "properties": {"status": "active", "owner": "bob"}},
)


@pytest.mark.parametrize(
    ("body", "decision"),
    [
        pytest.param(asked(ALICE, READ, RECORD_1), True, id="rule 1"),
        pytest.param(asked(ALICE, WRITE, RECORD_1), True, id="rule 2"),
        pytest.param(asked(BOB, READ, RECORD_1), True, id="rule 3"),
        pytest.param(asked(BOB, WRITE, RECORD_1), False, id="rule 4"),
        pytest.param(asked(ALICE, WRITE, ARCHIVED_2), False, id="rule 5"),
        pytest.param(asked(ADMIN_BOB, WRITE, ARCHIVED_2), True, id="rule 6"),
        pytest.param(asked(ALICE, SOFT, RECORD_1), True, id="rule 7"),
        pytest.param(asked(ALICE, HARD, RECORD_1), False, id="rule 8"),
        pytest.param(asked(ALICE, READ, RECORD_1, context=CONTEXT), True, id="with context"),
        pytest.param(EXTRA, True, id="additional properties"),
        pytest.param(asked(ALICE, READ, RECORD_1, foo="bar", futureField={"nested": True}), True, id="unknown fields"),
    ],
)
async def test_an_evaluation_decides(records: People, body: Any, decision: bool) -> None:
    for _ in range(3):
        answer = await answer_of(records, "evaluation", body)
        assert answer["decision"] is decision
        assert isinstance(answer["context"], dict)


@pytest.mark.parametrize(
    "body",
    [
        {"action": READ, "resource": RECORD_1},
        {"subject": ALICE, "resource": RECORD_1},
        {"subject": ALICE, "action": READ},
        asked({"id": "alice"}, READ, RECORD_1),
        asked({"type": "user"}, READ, RECORD_1),
        asked(ALICE, {}, RECORD_1),
        asked(ALICE, READ, {"id": "record-1"}),
        asked(ALICE, READ, {"type": "record"}),
        asked("alice", READ, RECORD_1),
        asked(ALICE, {"name": 123}, RECORD_1),
    ],
)
async def test_an_evaluation_that_lacks_something_is_a_bad_request(records: People, body: Any) -> None:
    assert (await post(records, "evaluation", body)).status_code == 400


@pytest.mark.parametrize(
    ("content", "media_type"), [("{}", "text/plain"), ("{", "application/json"), ("", "application/json")]
)
async def test_what_is_no_json_is_a_bad_request(records: People, content: str, media_type: str) -> None:
    headers = records.gateway.key.headers(Service.AUTHZ) | {"Content-Type": media_type}
    answer = await records.client.post(f"{BASE}/evaluation", content=content, headers=headers)
    assert answer.status_code == 400


async def test_the_request_id_is_echoed(records: People) -> None:
    body = asked(ALICE, READ, RECORD_1)
    answer = await post(records, "evaluation", body, headers={"X-Request-ID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"})
    assert answer.headers["x-request-id"] == "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
    assert (await post(records, "evaluation", body)).status_code == 200


# --- Batch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "decisions"),
    [
        pytest.param(
            {"subject": ALICE, "action": READ, "evaluations": [{"resource": RECORD_1}, {"resource": RECORD_2}]},
            [True, False],
            id="array",
        ),
        pytest.param(
            {"subject": BOB, "resource": RECORD_1, "evaluations": [{"action": READ}, {"action": WRITE}]},
            [True, False],
            id="ordered",
        ),
        pytest.param(
            {"subject": ALICE, "action": WRITE, "evaluations": [{"resource": ACTIVE_1}, {"resource": ARCHIVED_2}]},
            [True, False],
            id="resource properties",
        ),
        pytest.param(
            {"action": WRITE, "resource": ARCHIVED_2, "evaluations": [{"subject": ALICE}, {"subject": ADMIN_BOB}]},
            [False, True],
            id="subject properties",
        ),
        pytest.param(
            {"evaluations": [asked(ALICE, READ, RECORD_1), asked(BOB, WRITE, RECORD_1)]},
            [True, False],
            id="no defaults",
        ),
        pytest.param(
            {
                "subject": ALICE,
                "action": READ,
                "context": CONTEXT,
                "evaluations": [{"resource": RECORD_1}, {"resource": RECORD_2, "context": {"source": "override"}}],
            },
            [True, False],
            id="context",
        ),
        pytest.param(
            {
                "subject": ALICE,
                "action": WRITE,
                "resource": {"type": "record"},
                "evaluations": [
                    {"resource": {"id": "record-1", "properties": {"status": "active"}}},
                    {"resource": ARCHIVED_2},
                ],
            },
            [True, False],
            id="merged defaults",
        ),
        pytest.param(
            {"subject": ALICE, "action": READ, "evaluations": [{"resource": RECORD_1}, {}]},
            [True, False],
            id="one is broken",
        ),
    ],
)
async def test_a_batch_answers_in_order(records: People, body: Any, decisions: list[bool]) -> None:
    answer = await answer_of(records, "evaluations", body)
    assert [one["decision"] for one in answer["evaluations"]] == decisions
    assert "decision" not in answer


@pytest.mark.parametrize("more", [{}, {"evaluations": []}])
async def test_a_batch_of_none_is_a_single_evaluation(records: People, more: Any) -> None:
    assert (await answer_of(records, "evaluations", asked(ALICE, READ, RECORD_1, **more)))["decision"] is True


@pytest.mark.parametrize(
    ("semantic", "decisions"),
    [
        ("execute_all", [True, False, True]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
async def test_a_batch_ends_as_its_semantic_says(records: People, semantic: str, decisions: list[bool]) -> None:
    body = {
        "subject": ALICE,
        "action": READ,
        "options": {"evaluations_semantic": semantic},
        "evaluations": [{"resource": RECORD_1}, {"resource": RECORD_2}, {"resource": RECORD_1}],
    }
    answer = await answer_of(records, "evaluations", body)
    assert [one["decision"] for one in answer["evaluations"]] == decisions


# --- Search --------------------------------------------------------------------------------------------------------

USERS, RECORDS = {"type": "user"}, {"type": "record"}


@pytest.mark.parametrize(
    ("kind", "body", "found"),
    [
        pytest.param("subject", asked(USERS, READ, RECORD_1), {"alice", "bob"}, id="subjects"),
        pytest.param("subject", asked(USERS, READ, RECORD_1, context=CONTEXT), {"alice", "bob"}, id="with context"),
        pytest.param("subject", asked(USERS, WRITE, ARCHIVED_2), {"bob"}, id="subjects by properties"),
        pytest.param("resource", asked(ALICE, READ, RECORDS), {"record-1"}, id="resources"),
        pytest.param("resource", asked(ADMIN_BOB, WRITE, RECORDS), {"record-2"}, id="resources by properties"),
        pytest.param("action", {"subject": ALICE, "resource": RECORD_1}, {"read", "write"}, id="actions"),
        pytest.param("action", {"subject": ADMIN_BOB, "resource": ARCHIVED_2}, {"write"}, id="actions by properties"),
    ],
)
async def test_a_search_finds_what_is_allowed(records: People, kind: str, body: Any, found: set[str]) -> None:
    results = (await answer_of(records, f"search/{kind}", body))["results"]
    names = {result["name" if kind == "action" else "id"] for result in results}
    assert found <= names
    assert all(result.get("type", "") in ("", "user", "record") for result in results)
    assert kind == "subject" or names == found


async def test_a_search_comes_in_pages(records: People) -> None:
    body = asked(USERS, READ, RECORD_1)
    first = await answer_of(records, "search/subject", {**body, "page": {"limit": 1}})
    token = first["page"]["next_token"]
    rest = await answer_of(records, "search/subject", {**body, "page": {"token": token}})
    assert token
    assert rest["page"]["next_token"] == ""
    ids = [result["id"] for result in (*first["results"], *rest["results"])]
    assert len(ids) == len(set(ids)) == first["page"]["total"]
    assert {"alice", "bob"} <= set(ids)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("action", {"subject": {"type": "user", "id": "nonexistent-user"}, "resource": RECORD_1}),
        ("subject", asked({"type": "spaceship"}, READ, RECORD_1)),
        ("resource", asked({"type": "spaceship", "id": "x"}, READ, RECORDS)),
        ("action", {"subject": {"type": "spaceship", "id": "x"}, "resource": RECORD_1}),
    ],
)
async def test_a_search_for_nothing_known_is_empty(records: People, kind: str, body: Any) -> None:
    assert (await answer_of(records, f"search/{kind}", body))["results"] == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("subject", {"subject": USERS, "resource": RECORD_1}),
        ("resource", {"action": READ, "resource": RECORDS}),
        ("action", {"subject": ALICE}),
        ("subject", asked(USERS, READ, RECORDS)),
        ("resource", asked(USERS, READ, RECORDS)),
    ],
)
async def test_a_search_that_lacks_something_is_a_bad_request(records: People, kind: str, body: Any) -> None:
    assert (await post(records, f"search/{kind}", body)).status_code == 400


# --- Discovery -----------------------------------------------------------------------------------------------------


async def test_the_metadata_says_where_the_endpoints_are(people: People) -> None:
    answer = await people.client.get("/.well-known/authzen-configuration")
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    base = document.pop("policy_decision_point")
    assert len(document) == 5
    for url in document.values():
        path = url.removeprefix(base)
        assert (await post(people, path.removeprefix(f"{BASE}/"), {})).status_code == 400


# --- the Todo interop scenario --------------------------------------------------------------------------------------

RICK, MORTY, SUMMER, BETH, JERRY = (
    f"CiRmZD{number}2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs" for number in "AEIMQ"
)
EMAILS = {
    RICK: "rick@the-citadel.com",
    MORTY: "morty@the-citadel.com",
    SUMMER: "summer@the-smiths.com",
    BETH: "beth@the-smiths.com",
    JERRY: "jerry@the-smiths.com",
}
EDITORS = (RICK, MORTY, SUMMER)
TODO = "7240d0db-8ff0-41ec-98b2-34a096273b9f"


@pytest.fixture(scope="module")
async def todos(shared_people: People) -> People:
    """Roles viewer, editor, admin and evil genius; who edits owns the todos that name him as their owner."""
    people = shared_people
    viewer = await people.role(rule("can_read_user", "user"), rule("can_read_todos", "todo"), context="global")
    editor = await people.role(rule("can_create_todo", "todo"), context="global", inherits=(viewer,))
    admin = await people.role(rule("can_delete_todo", "todo"), context="global", inherits=(editor,))
    genius = await people.role(rule("can_update_todo", "todo"), context="global", inherits=(editor,))
    for user, roles in {
        RICK: (admin, genius),
        MORTY: (editor,),
        SUMMER: (editor,),
        BETH: (viewer,),
        JERRY: (viewer,),
    }.items():
        for role_id in roles:
            await people.bind(f"user:{user}", role_id)
    for user in EDITORS:
        own = rule("can_update_todo can_delete_todo", "todo", resource_names=[f"ownerID={EMAILS[user]}"])
        await people.bind(f"user:{user}", await people.role(own, context="global"))
    return people


def todo_of(owner: str) -> dict[str, Any]:
    return {"type": "todo", "id": TODO, "properties": {"ownerID": EMAILS[owner]}}


def todo_scenario() -> list[tuple[dict[str, Any], bool]]:
    """Each of the scenario's requests for each of its users, with the decision that its rules give."""
    cases: list[tuple[dict[str, Any], bool]] = []
    shared = {"type": "todo", "id": "todo-1"}
    for user in EMAILS:
        subject = {"type": "user", "id": user}
        shown = ({"type": "user", "id": EMAILS[whom]} for whom in (user, BETH))
        cases += [(asked(subject, {"name": "can_read_user"}, whom), True) for whom in shown]
        cases.append((asked(subject, {"name": "can_read_todos"}, shared), True))
        cases.append((asked(subject, {"name": "can_create_todo"}, shared), user in EDITORS))
        for owner in (RICK, user):
            mine = user in EDITORS and owner == user
            update = asked(subject, {"name": "can_update_todo"}, todo_of(owner))
            delete = asked(subject, {"name": "can_delete_todo"}, todo_of(owner))
            cases += [(update, mine or user == RICK), (delete, mine or user == RICK)]
    others = asked({"type": "user", "id": RICK}, {"name": "can_update_todo"}, todo_of(MORTY))
    return [*cases, (others, True), ({**others, "action": {"name": "can_delete_todo"}}, True)]


async def test_the_todo_scenario_is_decided_as_its_rules_say(todos: People) -> None:
    wrong = []
    for body, decision in todo_scenario():
        if (await answer_of(todos, "evaluation", body))["decision"] is not decision:
            wrong.append((body, decision))
    assert wrong == []


async def test_the_todo_scenario_in_a_batch(todos: People) -> None:
    for user, decisions in {RICK: [True, True], MORTY: [False, True], JERRY: [False, False]}.items():
        body = {
            "subject": {"type": "user", "id": user},
            "action": {"name": "can_update_todo"},
            "resource": {},
            "context": {},
            "evaluations": [{"resource": todo_of(RICK)}, {"resource": todo_of(user)}],
        }
        answer = await answer_of(todos, "evaluations", body)
        assert [one["decision"] for one in answer["evaluations"]] == decisions


# --- who may ask ---------------------------------------------------------------------------------------------------


async def test_a_user_asks_about_himself_and_not_about_others(records: People) -> None:
    alice = records.person("alice")
    mine = await alice.post(f"{BASE}/evaluation", asked(ALICE, READ, RECORD_1))
    assert mine.json()["decision"] is True
    assert (await alice.post(f"{BASE}/evaluation", asked(BOB, READ, RECORD_1))).status_code == 403
    batch = {"evaluations": [asked(ALICE, READ, RECORD_1), asked(BOB, READ, RECORD_1)]}
    assert (await alice.post(f"{BASE}/evaluations", batch)).status_code == 403
    assert (await alice.post(f"{BASE}/search/subject", asked(USERS, READ, RECORD_1))).status_code == 403
    assert (await records.admin.post(f"{BASE}/evaluation", asked(BOB, READ, RECORD_1))).status_code == 200


async def test_a_user_does_not_make_himself_a_member_of_a_group_by_saying_so(records: People) -> None:
    claimed = {**ALICE, "properties": {"groups": ["g-admins"]}}
    assert (await records.person("alice").post(f"{BASE}/evaluation", asked(claimed, READ, RECORD_1))).status_code == 403
