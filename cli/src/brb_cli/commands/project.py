"""`brb project`: groups of namespaces with members and quotas."""

from collections.abc import Iterator
from typing import Annotated, Any

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.options import DEFAULTS, CommonOptions, parse_pairs
from brb_cli.output import Json, column, show_list, show_one
from brb_cli.patching import as_read, patch, said
from brb_cli.resolve import find_cluster, find_project
from brb_cli.terminal import require_name_typed, say

PATH = "/v1/projects"
COLUMNS = (
    column("Id", "id"),
    column("Name", "display_name"),
    column("Cluster", "cluster_id"),
    column("Quota", "resource_quota"),
    column("Created by", "created_by"),
)
DETAILS = (
    *COLUMNS,
    column("Description", "description"),
    column("Quota of a namespace", "namespace_default_resource_quota"),
    column("Default limits", "container_default_resource_limit.default"),
    column("Default requests", "container_default_resource_limit.default_request"),
)


def list_projects(*, cluster: str | None = None, common: CommonOptions = DEFAULTS) -> None:
    """The projects that you may see.

    Parameters
    ----------
    cluster
        Only those of this cluster: name or id. Default: of all clusters that you see.
    """
    with open_api(common) as api:
        found = [project for id_ in _cluster_ids(api, cluster) for project in api.items(PATH, {"cluster_id": id_})]
    show_list(common, found, COLUMNS, name="id")


def show_project(project: str, /, *, cluster: str | None = None, common: CommonOptions = DEFAULTS) -> None:
    """One project and its quotas.

    Parameters
    ----------
    project
        Id, or name with --cluster.
    cluster
        Name or id.
    """
    with open_api(common) as api:
        show_one(common, _find(api, project, cluster), DETAILS, name="id")


def create_project(
    name: str,
    /,
    *,
    cluster: str,
    description: str = "",
    quota: tuple[str, ...] = (),
    namespace_quota: tuple[str, ...] = (),
    limit: tuple[str, ...] = (),
    request: tuple[str, ...] = (),
    common: CommonOptions = DEFAULTS,
) -> None:
    """Make a project in a cluster. You own it; give others a role in it with `brb binding create`.

    Parameters
    ----------
    name
        For people.
    cluster
        Name or id.
    description
        For people.
    quota
        For all its namespaces together, such as pods=100 or requests.cpu=4. May be repeated.
    namespace_quota
        For each of its namespaces. May be repeated.
    limit
        What a container without its own limits gets, such as cpu=500m. May be repeated.
    request
        What a container without its own requests gets, such as memory=64Mi. May be repeated.
    """
    body: dict[str, Any] = {
        "display_name": name,
        "description": description,
        "resource_quota": parse_pairs(quota, "--quota"),
        "namespace_default_resource_quota": parse_pairs(namespace_quota, "--namespace-quota"),
        "container_default_resource_limit": _limits(limit, request),
    }
    with open_api(common) as api:
        made = api.create(PATH, {"cluster_id": find_cluster(api, cluster).metadata.id, **body})
    show_one(common, made, COLUMNS, name="id")


def update_project(
    project: str,
    /,
    *,
    cluster: str | None = None,
    name: str | None = None,
    description: str | None = None,
    quota: tuple[str, ...] = (),
    namespace_quota: tuple[str, ...] = (),
    limit: tuple[str, ...] = (),
    request: tuple[str, ...] = (),
    common: CommonOptions = DEFAULTS,
) -> None:
    """Change a project. Quotas and limits are in force in the cluster within seconds.

    Parameters
    ----------
    project
        Id, or name with --cluster.
    cluster
        Name or id.
    name
        Its new name.
    description
        For people.
    quota
        Takes the place of its whole quota, such as pods=100. May be repeated.
    namespace_quota
        Takes the place of the quota of each of its namespaces. May be repeated.
    limit
        With --request, takes the place of what a container without its own gets. May be repeated.
    request
        See --limit. May be repeated.
    """
    with open_api(common) as api:
        found = _find(api, project, cluster)
        wanted = said(
            display_name=name,
            description=description,
            resource_quota=parse_pairs(quota, "--quota") or None,
            namespace_default_resource_quota=parse_pairs(namespace_quota, "--namespace-quota") or None,
            container_default_resource_limit=_limits(limit, request) if limit or request else None,
        )
        show_one(common, patch(api, f"{PATH}/{found['id']}", found, wanted), COLUMNS, name="id")


def delete_project(
    project: str,
    /,
    *,
    cluster: str | None = None,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Delete a project that has no namespaces, with all roles given in it.

    Parameters
    ----------
    project
        Id, or name with --cluster.
    cluster
        Name or id.
    yes
        Do not ask.
    """
    with open_api(common) as api:
        found = _find(api, project, cluster)
        require_name_typed(project, f"deletes project {found['display_name']} and all roles given in it", yes=yes)
        api.send("DELETE", f"{PATH}/{found['id']}", headers=as_read(found))
    say(f"Project {found['display_name']} is deleted")


def _limits(limit: tuple[str, ...], request: tuple[str, ...]) -> Json:
    return {"default": parse_pairs(limit, "--limit"), "default_request": parse_pairs(request, "--request")}


def _find(api: Api, project: str, cluster: str | None) -> Json:
    return find_project(api, project, find_cluster(api, cluster).metadata.id if cluster else None)


def _cluster_ids(api: Api, cluster: str | None) -> Iterator[str]:
    if cluster:
        return iter([find_cluster(api, cluster).metadata.id])
    return (str(item["metadata"]["id"]) for item in api.items("/v1/clusters"))
