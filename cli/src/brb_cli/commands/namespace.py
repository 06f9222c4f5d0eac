"""`brb namespace`: namespaces of projects."""

from typing import Annotated

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.errors import CliError
from brb_cli.options import DEFAULTS, CommonOptions, parse_pairs
from brb_cli.output import column, show_list, show_one
from brb_cli.patching import as_read, patch, said
from brb_cli.resolve import find_cluster, find_project
from brb_cli.terminal import require_name_typed, say

COLUMNS = (
    column("Name", "name"),
    column("Project", "project_id"),
    column("Cluster", "cluster_id"),
    column("Quota", "resource_quota"),
    column("Created by", "created_by"),
)


def list_namespaces(*, cluster: str, project: str | None = None, common: CommonOptions = DEFAULTS) -> None:
    """The namespaces of a cluster that are in projects and that you may see.

    Parameters
    ----------
    cluster
        Name or id.
    project
        Only those of this project: id or name.
    """
    with open_api(common) as api:
        cluster_id = find_cluster(api, cluster).metadata.id
        params = {"project_id": find_project(api, project, cluster_id)["id"]} if project else None
        show_list(common, list(api.items(_path(cluster_id), params)), COLUMNS, name="name")


def create_namespace(
    name: str,
    /,
    *,
    project: str,
    cluster: str | None = None,
    quota: tuple[str, ...] = (),
    common: CommonOptions = DEFAULTS,
) -> None:
    """Make a namespace in a project; it comes into the cluster within seconds.

    Parameters
    ----------
    name
        As in Kubernetes.
    project
        Id, or name with --cluster.
    cluster
        Name or id.
    quota
        Instead of the project's default, such as pods=20. May be repeated.
    """
    with open_api(common) as api:
        found = find_project(api, project, _cluster_id(api, cluster))
        body = {"name": name, "project_id": found["id"], "resource_quota": parse_pairs(quota, "--quota")}
        show_one(common, api.create(_path(found["cluster_id"]), body), COLUMNS, name="name")


def update_namespace(
    name: str,
    /,
    *,
    cluster: str,
    project: str | None = None,
    no_project: bool = False,
    quota: tuple[str, ...] = (),
    common: CommonOptions = DEFAULTS,
) -> None:
    """Move a namespace to another project, or change its quota. Moving it needs rights on both projects.

    Parameters
    ----------
    name
        Its name.
    cluster
        Name or id.
    project
        The project to move it to: id or name.
    no_project
        Move it out of any project.
    quota
        Takes the place of its whole quota, such as pods=20. May be repeated.
    """
    if project and no_project:
        raise CliError("Say --project or --no-project, not both", code="invalid_argument")
    with open_api(common) as api:
        cluster_id = find_cluster(api, cluster).metadata.id
        to = find_project(api, project, cluster_id)["id"] if project else "" if no_project else None
        wanted = said(project_id=to, resource_quota=parse_pairs(quota, "--quota") or None)
        path = f"{_path(cluster_id)}/{name}"
        show_one(common, patch(api, path, api.get(path).body, wanted), COLUMNS, name="name")


def delete_namespace(
    name: str,
    /,
    *,
    cluster: str,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Delete a namespace and everything in it.

    Parameters
    ----------
    name
        Its name.
    cluster
        Name or id.
    yes
        Do not ask for the name to be typed.
    """
    with open_api(common) as api:
        path = f"{_path(find_cluster(api, cluster).metadata.id)}/{name}"
        found = api.get(path).body
        require_name_typed(name, f"deletes namespace {name} of cluster {cluster} and everything in it", yes=yes)
        api.send("DELETE", path, headers=as_read(found))
    say(f"Namespace {name} is being deleted")


def _path(cluster_id: str) -> str:
    return f"/v1/clusters/{cluster_id}/namespaces"


def _cluster_id(api: Api, cluster: str | None) -> str | None:
    return find_cluster(api, cluster).metadata.id if cluster else None
