"""`brb cluster delete`."""

import uuid
from collections import Counter
from typing import Annotated

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.cluster_view import RESOURCE_COLUMNS
from brb_cli.errors import CliError, Conflict, NotFound
from brb_cli.models import Cluster, DeletionReport, Resource
from brb_cli.options import DEFAULTS, WAIT, Common, CommonOptions, WaitingOptions
from brb_cli.output import show_list
from brb_cli.progress import print_event
from brb_cli.resolve import find_cluster, read_cluster, read_resources
from brb_cli.terminal import require_name_typed, say
from brb_cli.waiting import STALE_FAILURE_SECONDS, Goal, wait_for


def delete_cluster(
    cluster: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    list_: Annotated[bool, Parameter(name="--list")] = False,
    waiting: WaitingOptions = WAIT,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Remove a cluster and all that was made for it in the cloud, and wait until nothing is left. Works in every state.

    Shows at the end what was removed. With -o json stdout is a stream of CloudEvents, one a line; the last has the
    type brb.v1.cli.finished and the report as its data.

    Parameters
    ----------
    cluster
        Name or id.
    yes
        Do not ask for the name to be typed.
    list_
        Only show what would go. What the cluster made itself, for Services and volumes, is found by the delete only.
    """
    with open_api(common) as api:
        found = find_cluster(api, cluster)
        if list_:
            show_list(common, read_resources(api, found.metadata.id), RESOURCE_COLUMNS, name="name")
            return
        name = found.metadata.name
        require_name_typed(name, f"removes cluster {name} ({found.metadata.id}) and all that was made for it", yes=yes)
        deleting = _ask_for_delete(api, found)
        if waiting.wait and deleting is not None:
            patience = STALE_FAILURE_SECONDS
            wait_for(api, common, deleting, Goal("delete"), waiting.timeout, patience_seconds=patience)
            _show_report(api, common, found)
        else:
            say(f"Cluster {name} is being removed; wait for it: brb wait cluster/{name} --for=delete")


def _ask_for_delete(api: Api, cluster: Cluster) -> Cluster | None:
    """None where it went meanwhile. A change since it was read makes no difference to who wants it gone."""
    try:
        return _delete(api, cluster)
    except Conflict as error:
        if error.code == "deletion_protection" or "protection" in error.message.lower():
            hint = f"Switch it off: brb cluster update {cluster.metadata.name} --no-deletion-protection"
            raise Conflict(error.message, code=error.code, hint=hint, request_id=error.request_id) from error
        if error.status != 412:
            raise
    except NotFound:
        return None
    return _delete(api, read_cluster(api, cluster.metadata.id))


def _delete(api: Api, cluster: Cluster) -> Cluster:
    headers = {"If-Match": cluster.etag}
    return Cluster.model_validate(api.send("DELETE", f"/v1/clusters/{cluster.metadata.id}", headers=headers).body)


def _show_report(api: Api, common: Common, cluster: Cluster) -> None:
    name = cluster.metadata.name
    try:
        body = api.get(f"/v1/clusters/{cluster.metadata.id}/deletion-report").body
    except NotFound:
        say(f"Cluster {name} is gone")
        return
    report = DeletionReport.model_validate(body)
    if common.format == "json":
        print_event("brb.v1.cli.finished", cluster.metadata.id, report.document(), str(uuid.uuid4()))
    elif common.format != "table" or common.column:
        show_list(common, [each.document() for each in report.removed], RESOURCE_COLUMNS, name="name")
    say(f"Cluster {name} is gone. Removed: {_count(report.removed)}")
    if report.kept:
        say(f"Kept: {_count(report.kept)}")
    if report.remaining:
        raise CliError(f"Still there: {_count(report.remaining)}", code="ERR_CLEANUP_CLUSTER_RESOURCES")


def _count(resources: tuple[Resource, ...]) -> str:
    counted = Counter(resource.type for resource in resources)
    return ", ".join(f"{number} {type_}" for type_, number in sorted(counted.items())) or "nothing"
