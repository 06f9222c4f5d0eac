"""Roles, bindings, projects and reviews through the API, over real PostgreSQL."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from brb_authz.app import migrate
from brb_authz.models import SCHEMA, Base
from brb_authz.settings import Settings
from brb_shared.database import Database
from brb_shared.database.migrations import differences
from fakes.authz import ADMIN, People, binding, client_of, must, problem, rule, running_authz
from fakes.gateway import Services

ROLES, BINDINGS, PROJECTS = "/internal/v1/roles", "/internal/v1/role-bindings", "/internal/v1/projects"
REVIEWS = "/internal/v1/access-reviews"
CLUSTER = "c-0000000001"


def question(verb: str, resource: str = "clusters", **more: Any) -> dict[str, Any]:
    return {"verb": verb, "resource": resource, "name": CLUSTER, "place": {"cluster_id": CLUSTER}, **more}


# --- what there is from the start ----------------------------------------------------------------------------------


async def test_migrate_seeds_the_built_in_roles_and_the_administrators_once(people: People, settings: Settings) -> None:
    before = must(await people.gateway.get("/internal/v1/snapshot"))
    await migrate(settings)
    assert must(await people.gateway.get("/internal/v1/snapshot")) == before
    ids = {role["id"] for role in before["roles"]}
    assert {"platform-admin", "user", "cluster-owner", "project-owner", "read-only"} <= ids
    bound = {(one["subject"]["kind"], one["subject"]["id"], one["role_id"]) for one in before["bindings"]}
    assert bound == {
        ("group", "authenticated", "user"),
        ("user", "local:break-glass", "platform-admin"),
        ("user", ADMIN, "platform-admin"),
    }


async def test_migrate_writes_built_in_roles_again_that_were_changed(people: People, settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.sessions.begin() as session:
        await session.execute(text("UPDATE authz.roles SET rules = '[]' WHERE id = 'cluster-owner'"))
    await database.dispose()
    await migrate(settings)
    assert must(await people.admin.get(f"{ROLES}/cluster-owner"))["rules"]


async def test_the_models_are_what_the_migrations_made(settings: Settings) -> None:
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: list(differences(sync, SCHEMA, Base.metadata)))
    await database.dispose()
    assert found == []


# --- roles and bindings --------------------------------------------------------------------------------------------


async def test_a_role_is_made_changed_and_deleted(people: People) -> None:
    body = {"display_name": "Pod reader", "context": "project", "rules": [rule("get list", "pods", api_group="")]}
    answer = await people.admin.post(ROLES, body)
    made = must(answer)
    assert (answer.headers["etag"], answer.headers["location"]) == ('"1"', f"/v1/roles/{made['id']}")
    changed = must(await people.admin.patch(f"{ROLES}/{made['id']}", {"display_name": "Reader"}, etag='"1"'))
    assert (changed["display_name"], changed["generation"], changed["rules"]) == ("Reader", 2, made["rules"])
    assert (await people.admin.delete(f"{ROLES}/{made['id']}", etag='"2"')).status_code == 204
    assert problem(await people.admin.get(f"{ROLES}/{made['id']}")) == (404, "not_found")


async def test_a_change_needs_the_etag_of_the_last_read(people: People) -> None:
    role_id = await people.role(rule("get", "clusters"))
    path = f"{ROLES}/{role_id}"
    assert problem(await people.admin.send("PATCH", path, {})) == (428, "if_match_missing")
    assert problem(await people.admin.patch(path, {}, etag='"7"')) == (412, "changed_meanwhile")
    assert problem(await people.admin.send("DELETE", path)) == (428, "if_match_missing")


async def test_a_role_that_is_used_is_not_deleted(people: People) -> None:
    parent = await people.role(rule("get", "clusters"))
    await people.role(inherits=(parent,))
    assert problem(await people.admin.delete(f"{ROLES}/{parent}")) == (409, "in_use")


async def test_dangerous_rules_are_flagged_inherited_ones_too(people: People) -> None:
    parent = await people.role(rule("create", "pods/exec", api_group=""))
    heir = must(await people.admin.post(ROLES, {"display_name": "x", "context": "cluster", "inherits": [parent]}))
    assert heir["dangers"]
    assert must(await people.admin.post(ROLES, {"display_name": "y", "context": "cluster"}))["dangers"] == []
    await people.cluster(CLUSTER, "u-owner")
    assert (await people.bind("user:u-1", heir["id"], cluster_id=CLUSTER))["dangers"] == heir["dangers"]


async def test_lists_come_in_pages(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    for number in range(4):
        await people.bind(f"user:u-{number}", "cluster-member", cluster_id=CLUSTER)
    for path, most in ((f"{BINDINGS}?cluster_id={CLUSTER}", 2), (ROLES, 5)):
        mark = "&" if "?" in path else "?"
        seen: list[str] = []
        token = ""
        while token is not None:
            page = must(await people.admin.get(f"{path}{mark}page_size={most}{token and '&page_token=' + token}"))
            seen += [item["id"] for item in page["items"]]
            token = page["next_page_token"]
        assert seen == sorted(set(seen))
        assert len(seen) >= 5
    assert problem(await people.admin.get(f"{ROLES}?page_token=!!")) == (422, "page_token_invalid")


async def test_one_sees_ones_own_bindings_and_not_those_of_others(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    await people.bind("group:g-1", "cluster-member", cluster_id=CLUSTER)
    one = people.person("u-1", "g-1")
    assert len(must(await one.get(f"{BINDINGS}?subject_kind=group&subject_id=g-1"))["items"]) == 1
    assert problem(await one.get(f"{BINDINGS}?subject_kind=user&subject_id=u-owner"))[0] in (403, 404)
    assert problem(await people.person("u-2").get(f"{BINDINGS}?cluster_id={CLUSTER}")) == (404, "not_found")


async def test_the_same_binding_is_not_made_twice(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    await people.bind("user:u-1", "cluster-member", cluster_id=CLUSTER)
    again = await people.admin.post(BINDINGS, binding("user:u-1", "cluster-member", cluster_id=CLUSTER))
    assert problem(again) == (409, "exists")


async def test_nothing_is_bound_in_a_cluster_that_is_not_there(people: People) -> None:
    answer = await people.admin.post(BINDINGS, binding("user:u-1", "cluster-member", cluster_id="c-none"))
    assert problem(answer) == (422, "invalid_request")


async def test_a_dry_run_says_who_would_gain_and_lose_what_and_changes_nothing(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    role_id = await people.role(rule("get", "clusters"))
    await people.bind("group:g-1", role_id, cluster_id=CLUSTER)
    before = must(await people.gateway.get("/internal/v1/snapshot"))
    other = {"rules": [rule("delete", "clusters")]}
    plan = must(await people.admin.patch(f"{ROLES}/{role_id}?validate_only=true", other))
    (change,) = plan["changes"]
    assert change["subject"] == {"kind": "group", "id": "g-1"}
    assert [gained["verbs"] for gained in change["gained"]] == [["delete"]]
    assert [lost["verbs"] for lost in change["lost"]] == [["get"]]
    new = binding("user:u-2", "cluster-owner", cluster_id=CLUSTER)
    assert must(await people.admin.post(f"{BINDINGS}?validate_only=true", new))["dangers"]
    removed = must(await people.admin.delete(f"{ROLES}/{role_id}?validate_only=true"))
    assert removed["changes"][0]["lost"]
    assert must(await people.gateway.get("/internal/v1/snapshot")) == before


async def test_a_dry_run_is_refused_as_the_change_would_be(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    new = binding("user:u-2", "cluster-owner", cluster_id=CLUSTER)
    assert problem(await people.person("u-1").post(f"{BINDINGS}?validate_only=true", new)) == (404, "not_found")


# --- clusters, projects, namespaces --------------------------------------------------------------------------------


async def test_a_clusters_owners_are_its_creator_and_its_tenant(people: People) -> None:
    tenant = "keystone:research:p-1"
    body = {"owners": [{"kind": "user", "id": "u-1"}, {"kind": "group", "id": tenant}]}
    first = must(await people.gateway.send("PUT", f"/internal/v1/clusters/{CLUSTER}", body))
    again = must(await people.gateway.send("PUT", f"/internal/v1/clusters/{CLUSTER}", body))
    assert again["revision"] == first["revision"] + 1
    for person in (people.person("u-1"), people.person("u-2", tenant)):
        assert must(await person.post(REVIEWS, question("delete")))["allowed"]
    stranger = must(await people.person("u-3", "keystone:research:p-2").post(REVIEWS, question("get")))
    assert (stranger["allowed"], stranger["visible"]) == (False, False)


async def test_a_cluster_takes_all_that_is_in_it_along(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    project = await people.project(CLUSTER)
    await people.namespace(CLUSTER, "ns", project)
    await people.bind("user:u-1", "project-member", project_id=project)
    await people.bind("user:u-1", "read-only", cluster_id=CLUSTER, namespace="ns")
    for _ in range(2):
        must(await people.gateway.send("DELETE", f"/internal/v1/clusters/{CLUSTER}"))
    snapshot = must(await people.gateway.get("/internal/v1/snapshot"))
    assert (snapshot["projects"], snapshot["namespaces"], len(snapshot["bindings"])) == ([], [], 3)


async def test_a_project_is_made_changed_and_deleted_when_it_is_empty(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    owner = people.person("u-owner")
    project = await people.project(CLUSTER, by=owner, resource_quota={"pods": "10"})
    path = f"{PROJECTS}/{project}"
    changed = must(await owner.patch(path, {"resource_quota": {"requests.cpu": "4"}}, etag='"1"'))
    assert changed["resource_quota"] == {"requests.cpu": "4"}
    await people.namespace(CLUSTER, "ns", project, by=owner)
    await people.bind("user:u-1", "project-member", by=owner, project_id=project)
    assert problem(await owner.delete(path)) == (409, "in_use")
    assert (await owner.delete(f"/internal/v1/clusters/{CLUSTER}/namespaces/ns")).status_code == 204
    assert (await owner.delete(path)).status_code == 204
    snapshot = must(await people.gateway.get("/internal/v1/snapshot"))
    assert (snapshot["projects"], len(snapshot["bindings"])) == ([], 4)


async def test_who_makes_a_project_owns_it_and_only_it(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    await people.bind("user:u-1", "cluster-member", cluster_id=CLUSTER)
    other = await people.project(CLUSTER)
    member = people.person("u-1")
    mine = await people.project(CLUSTER, by=member)
    await people.namespace(CLUSTER, "mine", mine, by=member)
    await people.bind("user:u-2", "project-member", by=member, project_id=mine)
    body = {"name": "theirs", "project_id": other}
    assert problem(await member.post(f"/internal/v1/clusters/{CLUSTER}/namespaces", body))[0] in (403, 404)
    refused = await member.post(BINDINGS, binding("user:u-1", "project-owner", project_id=other))
    assert problem(refused)[0] in (403, 404)


async def test_members_see_their_projects_and_namespaces_only(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    mine, other = [await people.project(CLUSTER) for _ in range(2)]
    for project, name in ((mine, "mine"), (other, "other")):
        await people.namespace(CLUSTER, name, project)
    await people.bind("user:u-1", "project-member", project_id=mine)
    member = people.person("u-1")
    assert [one["id"] for one in must(await member.get(f"{PROJECTS}?cluster_id={CLUSTER}"))["items"]] == [mine]
    listed = must(await member.get(f"/internal/v1/clusters/{CLUSTER}/namespaces"))["items"]
    assert [one["name"] for one in listed] == ["mine"]
    assert problem(await member.get(f"{PROJECTS}/{other}")) == (404, "not_found")
    assert problem(await member.delete(f"{PROJECTS}/{mine}")) == (403, "not_allowed")


@pytest.mark.parametrize("quota", [{"pods": "ten"}, {"Pods!": "1"}, {"pods": 10}])
async def test_a_quota_that_kubernetes_would_not_take_is_refused(people: People, quota: Any) -> None:
    await people.cluster(CLUSTER, "u-owner")
    body = {"cluster_id": CLUSTER, "display_name": "x", "resource_quota": quota}
    assert problem(await people.admin.post(PROJECTS, body)) == (422, "invalid_request")


# --- reviews -------------------------------------------------------------------------------------------------------


async def test_a_review_explains_by_which_rule_or_what_would_be_needed(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    made = await people.bind("group:g-1", "cluster-member", cluster_id=CLUSTER)
    one = people.person("u-1", "g-1")
    allowed = must(await one.post(f"{REVIEWS}?explain=true", question("get")))
    (grant,) = allowed["explanation"]["grants"]
    assert (grant["binding"]["id"], grant["role_id"]) == (made["id"], "cluster-member")
    assert "get" in grant["rule"]["verbs"]
    denied = must(await one.post(f"{REVIEWS}?explain=true", question("delete")))
    assert (denied["allowed"], denied["visible"], denied["explanation"]["grants"]) == (False, True, [])
    assert denied["explanation"]["needed"]["verbs"] == ["delete"]
    levels = {scope["level"] for scope in denied["explanation"]["scopes"]}
    assert {"platform", "cluster"} <= levels


async def test_a_batch_is_answered_in_order_at_one_revision(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    asked = [question("get"), question("get", actor={"id": "u-2"}), question("create", "projects", name="")]
    answers = must(await people.person("u-owner").post(REVIEWS, {"reviews": asked}))
    assert [one["allowed"] for one in answers["reviews"]] == [True, False, True]
    assert {one["revision"] for one in answers["reviews"]} == {answers["revision"]}


async def test_a_write_is_read_at_its_revision_and_a_later_one_is_waited_for_in_vain(people: People) -> None:
    made = await people.cluster(CLUSTER, "u-owner")
    path = f"{REVIEWS}?min_revision="
    owner = people.person("u-owner")
    assert must(await owner.post(f"{path}{made['revision']}", question("get")))["allowed"]
    assert problem(await owner.post(f"{path}{made['revision'] + 1}", question("get"))) == (503, "revision_not_reached")


async def test_one_asks_about_oneself_and_about_others_where_one_lists_members(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    about = question("get", actor={"id": "u-1"})
    assert problem(await people.person("u-2").post(REVIEWS, about)) == (403, "not_allowed")
    must(await people.person("u-owner").post(REVIEWS, about))
    must(await people.gateway.post(REVIEWS, about))
    assert problem(await people.gateway.post(REVIEWS, question("get"))) == (401, "acting_user_missing")
    elsewhere = {**about, "place": {"cluster_id": "c-other"}}
    assert problem(await people.person("u-owner").post(REVIEWS, elsewhere)) == (403, "not_allowed")
    grouped = question("get", actor={"id": "u-2", "groups": ["g-x"]})
    assert problem(await people.person("u-2").post(REVIEWS, grouped)) == (403, "not_allowed")


async def test_what_can_i_do_here_and_who_can_do_that(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    made = await people.bind("group:g-1", "cluster-member", cluster_id=CLUSTER)
    here = {"place": {"cluster_id": CLUSTER}}
    rules = must(await people.person("u-1", "g-1").post("/internal/v1/access-rules", here))["rules"]
    assert any("clusters" in each["resources"] and "get" in each["verbs"] for each in rules)
    who = must(await people.person("u-owner").post("/internal/v1/access-subjects", question("get")))["subjects"]
    found = {(one["subject"]["kind"], one["subject"]["id"]): one["binding_ids"] for one in who}
    assert found["group", "g-1"] == [made["id"]]
    assert {("user", "u-owner"), ("user", ADMIN)} <= set(found)
    assert problem(await people.person("u-2").post("/internal/v1/access-subjects", question("get"))) == (
        403,
        "not_allowed",
    )


async def test_requests_about_urls_and_kubernetes_resources_are_reviewed(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    owner = people.person("u-owner")
    pods = question("delete", "pods/eviction", api_group="", place={"cluster_id": CLUSTER, "namespace": "x"})
    assert must(await owner.post(REVIEWS, pods))["allowed"]
    url = {"verb": "get", "path": "/metrics", "place": {"cluster_id": CLUSTER}}
    assert must(await owner.post(REVIEWS, url))["allowed"]
    assert not must(await people.person("u-2").post(REVIEWS, url))["allowed"]


@pytest.mark.parametrize("body", [{}, {"verb": ""}, {"reviews": []}, {"verb": "get", "unknown": 1}])
async def test_a_question_that_is_none_is_refused(people: People, body: Any) -> None:
    assert problem(await people.admin.post(REVIEWS, body)) == (422, "invalid_request")


# --- several processes ---------------------------------------------------------------------------------------------


async def test_every_replica_decides_by_what_another_has_just_written(
    people: People, settings: Settings, services: Services
) -> None:
    """By the kept changes where they reach, else by loading all."""
    await people.cluster(CLUSTER, "u-owner")
    async with running_authz(settings) as other_app, client_of(other_app) as client:
        other = People(client, services.keys)
        for history in (True, False):
            user = f"u-{history}"
            assert not must(await other.person(user).post(REVIEWS, question("get")))["allowed"]
            made = await people.bind(f"user:{user}", "cluster-member", cluster_id=CLUSTER)
            if not history:
                await execute(settings, "DELETE FROM authz.changes")
            assert must(await other.person(user).post(REVIEWS, question("get")))["allowed"]
            assert (await other.admin.delete(f"{BINDINGS}/{made['id']}")).status_code == 204
            assert not must(await people.person(user).post(REVIEWS, question("get")))["allowed"]


async def test_writers_at_the_same_time_take_revisions_one_after_the_other(people: People) -> None:
    await people.cluster(CLUSTER, "u-owner")
    before = must(await people.gateway.get("/internal/v1/snapshot"))["revision"]
    binding_of = [people.bind(f"user:u-{number}", "cluster-member", cluster_id=CLUSTER) for number in range(12)]
    made = await asyncio.gather(*binding_of)
    assert sorted(one["revision"] for one in made) == list(range(before + 1, before + 13))
    twice = binding("group:g-1", "cluster-member", cluster_id=CLUSTER)
    answers = await asyncio.gather(*(people.admin.post(BINDINGS, twice) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_while_the_database_is_away_nobody_is_let_in(settings: Settings, services: Services) -> None:
    nowhere = SecretStr("postgresql+asyncpg://postgres@127.0.0.1:1/none")
    away = settings.model_copy(update={"database_url": nowhere})
    async with running_authz(away) as app, client_of(app) as client:
        people = People(client, services.keys)
        assert problem(await people.admin.post(REVIEWS, question("get"))) == (503, "database_unavailable")
        assert problem(await people.gateway.get("/internal/v1/snapshot")) == (503, "database_unavailable")
        changed = await people.admin.post(ROLES, {"display_name": "x", "context": "cluster"})
        assert changed.status_code == 503
        assert (await client.get("/readyz")).status_code == 503


async def execute(settings: Settings, statement: str) -> None:
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    async with database.sessions.begin() as session:
        await session.execute(text(statement))
    await database.dispose()
