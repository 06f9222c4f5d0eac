"""`brb cluster` list, show, watch, events, runs: what only reads."""

import itertools
from collections.abc import Iterator
from typing import Annotated, Any

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.cluster_view import COLUMNS, show_cluster_details
from brb_cli.errors import Cancelled
from brb_cli.follow import Follower, Gone, Happened
from brb_cli.follow_all import follow_all
from brb_cli.models import Cluster
from brb_cli.options import DEFAULTS, Common, CommonOptions
from brb_cli.output import column, print_json_line, print_line, print_text, show_list
from brb_cli.progress import CloudEventReporter, ProjectReporter, render_event, reporting
from brb_cli.resolve import find_cluster, is_cluster_id, read_resources

EVENT_COLUMNS = (
    column("Time", "at"),
    column("Severity", "severity"),
    column("Stage", "stage"),
    column("Machine", "machine"),
    column("Reason", "reason"),
    column("Message", "message"),
)
RUN_COLUMNS = (
    column("Id", "id"),
    column("Machine", "machine"),
    column("Step", "step"),
    column("Started", "started_at"),
    column("Ended", "ended_at"),
    column("Exit", "exit_code"),
)


def list_clusters(
    *,
    state: str | None = None,
    label: tuple[str, ...] = (),
    common: CommonOptions = DEFAULTS,
) -> None:
    """The project's clusters.

    Parameters
    ----------
    state
        Only those in this state: Pending, Creating, Ready, Updating, Degraded, Error, Deleting.
    label
        Only those with this label, key=value. May be repeated; all must hold.
    """
    params: dict[str, Any] = {"page_size": 500} | ({"state": state} if state else {})
    if label:
        params["label"] = list(label)
    with open_api(common) as api:
        documents = sorted(api.items("/v1/clusters", params), key=lambda item: str(item["metadata"]["name"]))
        show_list(common, documents, COLUMNS)


def show_cluster(cluster: str, /, *, common: CommonOptions = DEFAULTS) -> None:
    """One cluster: its machines, conditions, and what is going on.

    Parameters
    ----------
    cluster
        Name or id.
    """
    with open_api(common) as api:
        found = find_cluster(api, cluster)
        show_cluster_details(common, found, lambda: read_resources(api, found.metadata.id))


def watch_cluster(cluster: str | None = None, /, *, common: CommonOptions = DEFAULTS) -> None:
    """Follow a cluster as it changes, until it is gone or you press Ctrl-C. Without a name: all of the project.

    Parameters
    ----------
    cluster
        Name or id.
    """
    with open_api(common) as api:
        try:
            if cluster is None:
                _watch_all(common, api)
            else:
                _watch_one(common, api, find_cluster(api, cluster))
        except KeyboardInterrupt as error:
            raise Cancelled("No longer watching", code="cancelled") from error


def _watch_one(common: Common, api: Api, cluster: Cluster) -> None:
    with reporting(common, cluster.metadata.name, api.clock) as reporter:
        for change in Follower(api, cluster.metadata.id).changes():
            reporter.show(change)


def _watch_all(common: Common, api: Api) -> None:
    reporter = CloudEventReporter() if common.format == "json" else ProjectReporter(api.clock)
    for change in follow_all(api):
        reporter.show(change)


def list_events(
    cluster: str,
    /,
    *,
    follow: Annotated[bool, Parameter(name=["--follow", "-f"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """The timeline of a cluster, oldest first. Give the id of a cluster that is gone.

    Parameters
    ----------
    cluster
        Name or id.
    follow
        Go on with what comes, one line each, until Ctrl-C.
    """
    with open_api(common) as api:
        cluster_id = _id_even_if_gone(api, cluster)
        if not follow:
            events = list(api.items(f"/v1/clusters/{cluster_id}/events", {"page_size": 500}))
            show_list(common, events, EVENT_COLUMNS, name="reason")
            return
        for happened in _happenings(api, cluster_id):
            _print_event(common, happened)


def list_runs(cluster: str, run: str | None = None, /, *, common: CommonOptions = DEFAULTS) -> None:
    """What the installer ran on the machines; with a run's id, its full output, secrets redacted.

    Parameters
    ----------
    cluster
        Name or id.
    run
        Id of one run.
    """
    with open_api(common) as api:
        path = f"/v1/clusters/{find_cluster(api, cluster).metadata.id}/runs"
        if run is None:
            show_list(common, list(api.items(path)), RUN_COLUMNS, name="id")
            return
        document = api.get(f"{path}/{run}").body
    if common.format == "table" and not common.column:
        print_text(document["output"])
    else:
        show_list(common, [document], RUN_COLUMNS, name="id")


def _id_even_if_gone(api: Api, reference: str) -> str:
    """The timeline outlives the cluster."""
    return reference if is_cluster_id(reference) else find_cluster(api, reference).metadata.id


def _happenings(api: Api, cluster_id: str) -> Iterator[Happened]:
    try:
        changes = itertools.takewhile(lambda change: not isinstance(change, Gone), Follower(api, cluster_id).changes())
        yield from (change for change in changes if isinstance(change, Happened))
    except KeyboardInterrupt as error:
        raise Cancelled("No longer following", code="cancelled") from error


def _print_event(common: Common, happened: Happened) -> None:
    if common.format == "json":
        print_json_line(happened.event.document())
    else:
        print_line(f"{happened.event.at.isoformat()} {render_event(happened.event)}")
