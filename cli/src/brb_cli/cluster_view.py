"""How clusters are shown."""

import uuid
from collections.abc import Callable
from typing import Any

from brb_cli.models import Cluster
from brb_cli.options import Common
from brb_cli.output import Column, at, column, print_line, render_age, render_table, show_one
from brb_cli.progress import print_event


def _nodes(document: dict[str, Any]) -> str:
    machines = at("status.machines")(document) or []
    wanted = [machine for machine in machines if not machine.get("leaving")]
    return f"{sum(bool(machine.get('node_ready')) for machine in wanted)}/{len(wanted)}"


def _progress(document: dict[str, Any]) -> str:
    return f"{at('status.progress.percent')(document) or 0}%"


def _version(document: dict[str, Any]) -> Any:
    return at("status.kubernetes_version")(document) or at("spec.kubernetes_version")(document)


def _age(document: dict[str, Any]) -> str:
    return render_age(at("metadata.created_at")(document))


COLUMNS = (
    column("Name", "metadata.name"),
    column("State", "status.state"),
    Column("Progress", _progress),
    Column("Nodes", _nodes),
    Column("Version", _version),
    Column("Age", _age),
    column("Id", "metadata.id"),
)
DETAILS = (
    *COLUMNS,
    column("API", "status.api_server.url"),
    column("Cloud", "metadata.cloud"),
    column("Labels", "metadata.labels"),
    column("Deletion protection", "spec.deletion_protection"),
    column("Now", "status.progress.message"),
)
MACHINES = (
    column("Machine", "name"),
    column("Pool", "pool"),
    column("State", "state"),
    column("Ready", "node_ready"),
    column("Address", "private_address"),
    column("Floating IP", "floating_address"),
    column("Version", "kubernetes_version"),
    column("Message", "message"),
)
CONDITIONS = (
    column("Condition", "type"),
    column("Status", "status"),
    column("Reason", "reason"),
    column("Code", "code"),
    column("Message", "message"),
)

RESOURCE_COLUMNS = (column("Type", "type"), column("Name", "name"), column("Id", "id"))


def show_cluster_summary(common: Common, cluster: Cluster, *, finished: bool = False) -> None:
    """`finished`: after a stream of CloudEvents; then json is one more, the last."""
    if finished and common.format == "json":
        print_event("brb.v1.cli.finished", cluster.metadata.id, cluster.document(), str(uuid.uuid4()))
    elif common.format == "table":
        for line in render_table([cluster.document()], COLUMNS):
            print_line(line)
    else:
        show_one(common, cluster.document(), COLUMNS)


def show_cluster_details(common: Common, cluster: Cluster, read_resources: Callable[[], list[dict[str, Any]]]) -> None:
    """What stands in the cloud is read only where people look: the other formats are the cluster's document."""
    document = cluster.document()
    show_one(common, document, DETAILS)
    if common.format != "table" or common.column:
        return
    status = document.get("status", {})
    _print_table(status.get("machines") or [], MACHINES)
    _print_table(status.get("conditions") or [], CONDITIONS)
    _print_table(read_resources(), RESOURCE_COLUMNS)


def _print_table(documents: list[dict[str, Any]], columns: tuple[Column, ...]) -> None:
    print_line("")
    for line in render_table(documents, columns):
        print_line(line)
