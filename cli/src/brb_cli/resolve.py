"""From what people type to what the API knows: names and ids."""

import difflib
import re
from collections.abc import Callable
from typing import Any

from brb_cli.api import Api
from brb_cli.errors import CliError, NotFound
from brb_cli.models import Cluster

_CLUSTER_ID = re.compile(r"^c-[0-9a-z]{10}$")


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
