"""Rows to the frozen dataclasses of `cluster.py`. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from brb_installer.cluster import Cluster, Machine, Problem, Run, Step
from brb_installer.models import ClusterRow, MachineRow, RunRow
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesMachine, KubernetesObserved


def to_cluster(row: ClusterRow, machines: Iterable[tuple[MachineRow, RunRow | None]]) -> Cluster:
    """`machines`: each with its open run."""
    desired = KubernetesDesired.model_validate(row.desired)
    by_name = {machine.name: (machine, run) for machine, run in machines}
    return Cluster(
        desired=desired,
        initialized=row.initialized,
        init_server_id=row.init_server_id,
        kubernetes_version=row.kubernetes_version,
        joining=row.joining,
        admin_access=row.admin_access,
        addons_digest=row.addons_digest,
        taken_up=row.taken_up,
        revision=row.revision,
        problem=to_problem(row.problem),
        observed=KubernetesObserved.model_validate(row.observed) if row.observed is not None else None,
        machines=tuple(to_machine(spec, *by_name.get(spec.name, (None, None))) for spec in desired.machines),
    )


def to_machine(spec: KubernetesMachine, row: MachineRow | None, run: RunRow | None) -> Machine:
    """A row of another server under the same name says nothing about this machine."""
    if row is None or row.server_id != spec.server_id:
        return Machine(spec=spec, first_seen_at=datetime.now(UTC))
    return Machine(
        spec=spec,
        first_seen_at=row.first_seen_at,
        reached=row.reached,
        prepared=row.prepared,
        init_done_at=row.init_done_at,
        joined_at=row.joined_at,
        left=row.left,
        drain_started_at=row.drain_started_at,
        run=to_run(run) if run is not None and run.server_id == spec.server_id else None,
        problem=to_problem(row.problem),
        rotated_key=row.rotated_key,
        rotation_seen=row.rotation_seen,
    )


def to_run(row: RunRow) -> Run:
    return Run(row.id, ClusterId(row.cluster_id), row.machine, row.server_id, Step(row.step), row.read_bytes)


def to_problem(document: dict[str, Any] | None) -> Problem | None:
    if document is None:
        return None
    return Problem(ErrorCode(document["code"]), document["message"], document["user_fixable"])


def from_problem(problem: Problem | None) -> dict[str, Any] | None:
    if problem is None:
        return None
    return {"code": problem.code, "message": problem.message, "user_fixable": problem.user_fixable}
