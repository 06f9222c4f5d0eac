"""`brb access`: who may do what, and why."""

from typing import Annotated, Any

from cyclopts import Parameter

from brb_cli.access_view import SUBJECT
from brb_cli.api import Api, open_api
from brb_cli.errors import Denied
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import Json, column, print_line, show_list, show_one
from brb_cli.places import ANYWHERE, Place, PlaceOptions, find_place, render_scope
from brb_cli.rules import parse_resource, render_rule

ANSWER = (column("Allowed", "allowed"), column("Reason", "reason"), column("Revision", "revision"))
RULES = (
    column("Verbs", "verbs"),
    column("API groups", "api_groups"),
    column("Resources", "resources"),
    column("Names", "resource_names"),
    column("URLs", "non_resource_urls"),
)
AsGroup = Annotated[tuple[str, ...], Parameter(name="--as-group")]


def can(
    verb: str,
    resource: str,
    name: str = "",
    /,
    *,
    place: PlaceOptions = ANYWHERE,
    as_user: str | None = None,
    as_group: AsGroup = (),
    explain: bool = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """May you do something? The exit code is 5 if not.

    Parameters
    ----------
    verb
        Such as get, create, delete.
    resource
        Such as clusters, clusters/kubeconfigs, pods.core, deployments.apps; or a URL such as /metrics.
    name
        One object's.
    as_user
        May this user (id)? Only whoever may list the members there may ask about others.
    as_group
        May whoever is in this group (id)? With --as-user: he is in it. May be repeated.
    explain
        Say by which rule of which role, or what would be needed.
    """
    with open_api(common) as api:
        body = _question(api, verb, resource, name, place) | _actor(as_user, as_group)
        params = {"explain": "true"} if explain else None
        answer = api.send("POST", "/v1/access-reviews", body=body, params=params, may_repeat=True).body
    show_one(common, answer, ANSWER, name="allowed")
    if explain and common.format == "table" and not common.column:
        _print_explanation(answer["explanation"])
    if not answer["allowed"]:
        raise Denied(answer["reason"], code="not_allowed")


def who_can(
    verb: str,
    resource: str,
    name: str = "",
    /,
    *,
    place: PlaceOptions = ANYWHERE,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Who may do something. A group stands for all its members.

    Parameters
    ----------
    verb
        Such as get, create, delete.
    resource
        As in `brb access can`.
    name
        One object's.
    """
    with open_api(common) as api:
        body = _question(api, verb, resource, name, place)
        found = api.send("POST", "/v1/access-subjects", body=body, may_repeat=True).body["subjects"]
    show_list(common, found, (SUBJECT, column("Bindings", "binding_ids")), name="subject.id")


def list_rules(
    *,
    place: PlaceOptions = ANYWHERE,
    as_user: str | None = None,
    as_group: AsGroup = (),
    common: CommonOptions = DEFAULTS,
) -> None:
    """All that you may do at a place; without one, at the platform.

    Parameters
    ----------
    as_user
        What this user (id) may do.
    as_group
        What whoever is in this group (id) may do. With --as-user: he is in it. May be repeated.
    """
    with open_api(common) as api:
        body = {"place": find_place(api, place)} | _actor(as_user, as_group)
        rules = api.send("POST", "/v1/access-rules", body=body, may_repeat=True).body["rules"]
    show_list(common, rules, RULES, name="verbs")


def _question(api: Api, verb: str, resource: str, name: str, place: Place) -> Json:
    """A cluster that is the place is also the object, where it is about clusters."""
    where = find_place(api, place)
    if resource.startswith("/"):
        return {"verb": verb, "path": resource, "place": where}
    api_group, resource = parse_resource(resource)
    if not name and resource.partition("/")[0] == "clusters":
        name = where.get("cluster_id", "")
    return {"verb": verb, "api_group": api_group, "resource": resource, "name": name, "place": where}


def _actor(user: str | None, groups: tuple[str, ...]) -> Json:
    """None named: whoever asks."""
    if user is not None:
        return {"actor": {"kind": "user", "id": user, "groups": list(groups)}}
    if not groups:
        return {}
    first, *others = groups
    return {"actor": {"kind": "group", "id": first, "groups": others}}


def _print_explanation(explanation: dict[str, Any]) -> None:
    for grant in explanation["grants"]:
        binding = grant["binding"]
        by = " → ".join(grant["inherited"])
        print_line(f"By: {render_rule(grant['rule'])}, of {by} at {render_scope(binding['scope'])} ({binding['id']})")
    if not explanation["grants"]:
        scopes = ", ".join(map(render_scope, explanation["scopes"]))
        print_line(f"Needed: {render_rule(explanation['needed'])}, at one of {scopes}")
