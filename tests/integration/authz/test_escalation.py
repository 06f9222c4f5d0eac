"""Each class of attempt to get more rights than one has is refused by the real service over real PostgreSQL."""

import pytest

from fakes.authz import ADMIN, People, binding, must, problem, rule

ROLES, BINDINGS, PROJECTS = "/internal/v1/roles", "/internal/v1/role-bindings", "/internal/v1/projects"
MANAGER, OWNER, EVE = "u-manager", "u-owner", "u-eve"
C1, C2 = "c-0000000001", "c-0000000002"
ESCALATION = (403, "escalation")


@pytest.fixture
async def world(people: People) -> People:
    """Two clusters of different owners; a manager of roles who holds little else."""
    await people.cluster(C1, OWNER)
    await people.cluster(C2, "u-other")
    role = await people.role(
        rule("get list create update delete", "roles members"), rule("get list", "clusters"), context="global"
    )
    await people.bind(f"user:{MANAGER}", role)
    return people


def role_body(*rules: dict[str, object], **more: object) -> dict[str, object]:
    return {"display_name": "x", "context": "cluster", "rules": list(rules), **more}


# --- roles ---------------------------------------------------------------------------------------------------------


async def test_a_role_with_rules_that_its_maker_does_not_hold_is_not_created(world: People) -> None:
    manager = world.person(MANAGER)
    assert problem(await manager.post(ROLES, role_body(rule("delete", "clusters")))) == ESCALATION
    assert problem(await manager.post(ROLES, role_body(rule("*", "*", api_group="*")))) == ESCALATION
    must(await manager.post(ROLES, role_body(rule("get", "clusters"))))


async def test_a_role_is_not_widened_by_an_update(world: People) -> None:
    manager = world.person(MANAGER)
    role_id = must(await manager.post(ROLES, role_body(rule("get", "clusters"))))["id"]
    wider = {"rules": [rule("get delete", "clusters")]}
    assert problem(await manager.patch(f"{ROLES}/{role_id}", wider)) == ESCALATION
    assert problem(await manager.patch(f"{ROLES}/{role_id}", {"inherits": ["cluster-owner"]})) == ESCALATION
    same = must(await manager.get(f"{ROLES}/{role_id}"))
    assert (same["generation"], same["rules"][0]["verbs"]) == (1, ["get"])


async def test_a_role_does_not_inherit_what_its_maker_does_not_hold(world: People) -> None:
    answer = await world.person(MANAGER).post(ROLES, role_body(inherits=["cluster-owner"]))
    assert problem(answer) == ESCALATION


async def test_inheritance_has_no_cycles(world: People) -> None:
    first = await world.role(rule("get", "clusters"))
    second = await world.role(inherits=(first,))
    answer = await world.admin.patch(f"{ROLES}/{first}", {"inherits": [second]})
    assert problem(answer) == (422, "invalid_request")
    answer = await world.admin.patch(f"{ROLES}/{first}", {"inherits": [first]})
    assert problem(answer) == (422, "invalid_request")


async def test_built_in_roles_are_not_edited_by_anybody(world: People) -> None:
    assert problem(await world.admin.patch(f"{ROLES}/cluster-member", {"rules": []})) == (403, "builtin")
    assert problem(await world.admin.delete(f"{ROLES}/cluster-member")) == (403, "builtin")


async def test_nobody_chooses_the_id_of_a_role(world: People) -> None:
    answer = await world.admin.post(ROLES, role_body(id="platform-admin"))
    assert problem(answer) == (422, "invalid_request")


async def test_a_role_whose_name_looks_like_an_id_gives_nothing_of_that_id(world: People) -> None:
    named = must(await world.admin.post(ROLES, role_body(rule("get", "clusters"), display_name="platform-admin")))
    assert named["id"] != "platform-admin"
    await world.bind(f"user:{EVE}", named["id"], cluster_id=C1)
    assert problem(await world.person(EVE).post(ROLES, role_body())) == (403, "not_allowed")


async def test_a_role_is_not_bound_by_its_name(world: People) -> None:
    await world.role(rule("get", "clusters"))
    answer = await world.admin.post(BINDINGS, binding(f"user:{EVE}", "Custom", cluster_id=C1))
    assert problem(answer) == (422, "invalid_request")


# --- bindings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", [f"user:{MANAGER}", f"user:{EVE}", "group:g-1", "service-account:sa-1"])
async def test_more_than_one_holds_is_not_bound_to_any_kind_of_subject(world: People, subject: str) -> None:
    manager = world.person(MANAGER)
    assert problem(await manager.post(BINDINGS, binding(subject, "cluster-owner", cluster_id=C1))) == ESCALATION
    assert problem(await manager.post(BINDINGS, binding(subject, "platform-admin"))) == ESCALATION


async def test_a_binding_is_not_turned_into_more_by_an_update(world: People) -> None:
    manager = world.person(MANAGER)
    small = await world.role(rule("get", "clusters"))
    made = await world.bind(f"user:{EVE}", small, by=manager, cluster_id=C1)
    wider = await manager.patch(f"{BINDINGS}/{made['id']}", {"role_id": "cluster-owner"})
    assert problem(wider) == ESCALATION


async def test_a_binding_of_more_than_one_holds_is_not_handed_to_another_subject(world: People) -> None:
    made = await world.bind("group:g-owners", "cluster-owner", cluster_id=C1)
    for subject in ({"kind": "user", "id": MANAGER}, {"kind": "group", "id": "g-1"}):
        answer = await world.person(MANAGER).patch(f"{BINDINGS}/{made['id']}", {"subject": subject})
        assert problem(answer) == ESCALATION


async def test_an_owner_of_one_cluster_binds_nothing_in_another(world: People) -> None:
    owner = world.person(OWNER)
    await world.bind(f"user:{EVE}", "cluster-owner", by=owner, cluster_id=C1)
    assert problem(await owner.post(BINDINGS, binding(f"user:{EVE}", "cluster-owner", cluster_id=C2))) == (
        404,
        "not_found",
    )
    assert problem(await owner.post(BINDINGS, binding(f"user:{EVE}", "platform-admin")))[0] == 403


async def test_whoever_may_bind_a_role_may_bind_it_without_holding_it(world: People) -> None:
    binder = await world.role(
        rule("create get", "members"), rule("bind", "roles", resource_names=["cluster-member"]), context="cluster"
    )
    await world.bind("user:u-binder", binder, cluster_id=C1)
    person = world.person("u-binder")
    await world.bind(f"user:{EVE}", "cluster-member", by=person, cluster_id=C1)
    assert problem(await person.post(BINDINGS, binding(f"user:{EVE}", "cluster-owner", cluster_id=C1))) == ESCALATION


async def test_nobody_is_given_a_subject_of_kubernetes_own(world: People) -> None:
    for subject in ("group:system:masters", "user:system:admin", "group:system:authenticated"):
        answer = await world.admin.post(BINDINGS, binding(subject, "cluster-member", cluster_id=C1))
        assert problem(answer) == (422, "invalid_request")


async def test_a_user_whose_id_looks_like_anothers_group_is_not_in_it(world: People) -> None:
    await world.bind("group:g-admins", "platform-admin")
    assert problem(await world.person("g-admins").post(ROLES, role_body())) == (403, "not_allowed")
    assert problem(await world.person(EVE, "user:u-admin", ADMIN).post(ROLES, role_body())) == (403, "not_allowed")
    must(await world.person(EVE, "g-admins").post(ROLES, role_body()))


async def test_what_was_taken_from_somebody_cannot_be_given_on_by_him(world: People) -> None:
    made = await world.bind(f"user:{EVE}", "cluster-owner", cluster_id=C1)
    must_be_gone = await world.admin.delete(f"{BINDINGS}/{made['id']}")
    assert must_be_gone.status_code == 204
    answer = await world.person(EVE).post(BINDINGS, binding("user:u-friend", "cluster-owner", cluster_id=C1))
    assert problem(answer) == (404, "not_found")


async def test_the_last_administrator_stays(world: People) -> None:
    listed = must(await world.admin.get(BINDINGS))["items"]
    emergency, only = [one for one in listed if one["role_id"] == "platform-admin"]
    if emergency["subject"]["id"] != "local:break-glass":
        emergency, only = only, emergency
    assert problem(await world.admin.delete(f"{BINDINGS}/{only['id']}")) == (409, "last_administrator")
    handed = {"role_id": "user"}
    assert problem(await world.admin.patch(f"{BINDINGS}/{only['id']}", handed)) == (409, "last_administrator")


# --- projects and namespaces ---------------------------------------------------------------------------------------


@pytest.fixture
async def projects(world: People) -> tuple[str, str, str]:
    """One of Eve, one of another in the same cluster, one in another cluster. Each has a namespace."""
    mine, other, far = [await world.project(cluster) for cluster in (C1, C1, C2)]
    await world.bind(f"user:{EVE}", "project-owner", project_id=mine)
    await world.namespace(C1, "mine", mine)
    await world.namespace(C1, "other", other)
    await world.namespace(C2, "far", far)
    return mine, other, far


async def test_a_namespace_does_not_move_into_a_project_of_others(world: People, projects: tuple[str, ...]) -> None:
    _, other, far = projects
    for project in (other, far, "p-0000000000"):
        answer = await world.person(EVE).patch(f"/internal/v1/clusters/{C1}/namespaces/mine", {"project_id": project})
        assert problem(answer) == ESCALATION


async def test_a_namespace_of_others_is_not_drawn_into_ones_own_project(
    world: People, projects: tuple[str, ...]
) -> None:
    answer = await world.person(EVE).patch(f"/internal/v1/clusters/{C1}/namespaces/other", {"project_id": projects[0]})
    assert problem(answer)[0] in (403, 404)


async def test_a_namespace_does_not_leave_its_project_without_rights_on_the_cluster(
    world: People, projects: tuple[str, ...]
) -> None:
    answer = await world.person(EVE).patch(f"/internal/v1/clusters/{C1}/namespaces/mine", {"project_id": ""})
    assert problem(answer) == ESCALATION


async def test_an_owner_of_both_projects_moves_a_namespace(world: People, projects: tuple[str, ...]) -> None:
    await world.bind(f"user:{EVE}", "project-owner", project_id=projects[1])
    path = f"/internal/v1/clusters/{C1}/namespaces/mine"
    moved = must(await world.person(EVE).patch(path, {"project_id": projects[1]}))
    assert moved["project_id"] == projects[1]


async def test_not_even_an_administrator_moves_a_namespace_to_a_project_of_another_cluster(
    world: People, projects: tuple[str, ...]
) -> None:
    answer = await world.admin.patch(f"/internal/v1/clusters/{C1}/namespaces/mine", {"project_id": projects[2]})
    assert problem(answer)[0] in (403, 422)


async def test_kubernetes_own_namespaces_are_not_put_into_a_project(world: People, projects: tuple[str, ...]) -> None:
    body = {"name": "kube-system", "project_id": projects[0]}
    answer = await world.person(EVE).post(f"/internal/v1/clusters/{C1}/namespaces", body)
    assert problem(answer) == (422, "invalid_request")


async def test_a_namespace_that_stands_already_is_not_taken_over_by_its_name(
    world: People, projects: tuple[str, ...]
) -> None:
    by_eve = await world.namespace(C1, "monitoring", projects[0], by=world.person(EVE))
    by_owner = await world.namespace(C1, "logging", projects[0], by=world.person(OWNER))
    assert (by_eve["adopt"], by_owner["adopt"]) == (False, True)


async def test_a_namespace_named_like_a_project_gives_nothing_in_that_project(
    world: People, projects: tuple[str, ...]
) -> None:
    mine, other, _ = projects
    await world.namespace(C1, other, mine, by=world.person(EVE))
    assert problem(await world.person(EVE).get(f"{PROJECTS}/{other}"))[0] in (403, 404)


async def test_a_project_owner_makes_no_project_and_binds_nobody_to_the_cluster(
    world: People, projects: tuple[str, ...]
) -> None:
    eve = world.person(EVE)
    assert problem(await eve.post(PROJECTS, {"cluster_id": C1, "display_name": "x"}))[0] == 403
    assert problem(await eve.post(BINDINGS, binding("user:u-x", "project-owner", cluster_id=C1)))[0] == 403
    await world.bind("user:u-x", "project-member", by=eve, project_id=projects[0])


# --- who speaks ----------------------------------------------------------------------------------------------------


async def test_without_a_service_token_nothing_is_answered(world: People) -> None:
    assert (await world.client.get(ROLES)).status_code == 401
    assert (await world.client.post("/access/v1/evaluation", json={})).status_code == 401


async def test_a_service_without_a_user_changes_no_roles(world: People) -> None:
    assert problem(await world.gateway.post(ROLES, role_body())) == (401, "acting_user_missing")


async def test_only_the_gateway_says_whose_a_cluster_is(world: People) -> None:
    from brb_shared.contracts.registry import Service

    body = {"owners": [{"kind": "user", "id": EVE}]}
    dns = world.person(EVE, via=Service.DNS)
    assert problem(await dns.send("PUT", f"/internal/v1/clusters/{C1}", body)) == (403, "service_not_allowed")
    assert problem(await dns.send("DELETE", f"/internal/v1/clusters/{C1}")) == (403, "service_not_allowed")
