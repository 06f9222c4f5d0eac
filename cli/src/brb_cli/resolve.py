"""From what people type to what the API knows: names and ids."""

import difflib
import re
from collections.abc import Callable
from typing import Any

from brb_cli.api import Api
from brb_cli.errors import CliError, NotFound
from brb_cli.models import Cluster

_CLUSTER_ID = re.compile(r"^c-[0-9a-z]{10}$")
_PROJECT_ID = re.compile(r"^p-[0-9a-z]{10}$")


def find_cluster(api: Api, reference: str) -> Cluster:
    """By name, id, or either after `cluster/`. Raises NotFound, or CliError where several bear the name."""
    wanted = reference.removeprefix("cluster/")
    if is_cluster_id(wanted):
        try:
            return read_cluster(api, wanted)
        except NotFound:
            pass  # a name may look like an id
    found: Cluster = _the_one("cluster", wanted, clusters_named(api, wanted), lambda: _names(api))
    return found


def is_cluster_id(reference: str) -> bool:
    return _CLUSTER_ID.match(reference) is not None


def clusters_named(api: Api, name: str) -> list[Cluster]:
    found = [Cluster.model_validate(item) for item in api.items("/v1/clusters", {"name": name})]
    return [cluster for cluster in found if cluster.metadata.name == name]


def read_cluster(api: Api, cluster_id: str) -> Cluster:
    return Cluster.model_validate(api.get(f"/v1/clusters/{cluster_id}").body)


def read_resources(api: Api, cluster_id: str) -> list[dict[str, Any]]:
    """What stands in the cloud for it."""
    return list(api.items(f"/v1/clusters/{cluster_id}/resources"))


def find_credential_id(api: Api, reference: str) -> str:
    return _find_id(api, "credential", "/v1/credentials", reference)


def find_token_id(api: Api, reference: str) -> str:
    return _find_id(api, "token", "/v1/api-tokens", reference)


def find_user_id(api: Api, reference: str) -> str:
    return _find_id(api, "user", "/v1/users", reference)


def find_role(api: Api, reference: str) -> dict[str, Any]:
    """By id or display name."""
    items = [role for role in api.items("/v1/roles") if reference in (role["id"], role["display_name"])]
    by_id = [role for role in items if role["id"] == reference]
    found: dict[str, Any] = _the_one("role", reference, by_id or items, lambda: [])
    return found


def find_project(api: Api, reference: str, cluster_id: str | None = None) -> dict[str, Any]:
    """By id, or by name within a cluster: names are not unique. Raises NotFound, or CliError without a cluster."""
    if _PROJECT_ID.match(reference):
        return dict(api.get(f"/v1/projects/{reference}").body)
    if cluster_id is None:
        hint = "Give its id, or say --cluster: see `brb project list`"
        raise CliError(f"{reference!r} is no id of a project", code="missing_argument", hint=hint)
    projects = api.items("/v1/projects", {"cluster_id": cluster_id})
    items = [project for project in projects if project["display_name"] == reference]
    found: dict[str, Any] = _the_one("project", reference, items, lambda: [])
    return found


def _find_id(api: Api, noun: str, path: str, reference: str) -> str:
    items = [item for item in api.items(path) if reference in (item["id"], item["name"])]
    return str(_the_one(noun, reference, items, lambda: [])["id"])


def _names(api: Api) -> list[str]:
    return [str(item["metadata"]["name"]) for item in api.items("/v1/clusters")]


def _the_one(noun: str, wanted: str, found: list[Any], other_names: Callable[[], list[str]]) -> Any:
    if len(found) == 1:
        return found[0]
    if not found:
        near = difflib.get_close_matches(wanted, other_names(), n=1)
        hint = f"Did you mean {near[0]}?" if near else f"See `brb {noun} list`"
        raise NotFound(f"There is no {noun} {wanted!r}", code="not_found", hint=hint)
    ids = ", ".join(item.metadata.id if isinstance(item, Cluster) else item["id"] for item in found)
    raise CliError(
        f"{len(found)} {noun}s are called {wanted!r}", code="ambiguous_name", hint=f"Give one of the ids: {ids}"
    )
