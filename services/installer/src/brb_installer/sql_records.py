"""What passes write down, in PostgreSQL; each method is one transaction under the pass's lease."""

import uuid
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from brb_installer.cluster import Cluster, Machine, Problem, Run, Step
from brb_installer.models import ClusterRow, MachineRow, RunRow, WorkRow
from brb_installer.redaction import clean
from brb_installer.repository import load_cluster, publish_observed
from brb_installer.rows import from_problem, to_run
from brb_installer.sql_writer import SqlWriter
from brb_installer.ssh.node import RunState
from brb_shared.contracts.happened import Severity
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesObserved
from brb_shared.reconcile import wake

_MAX_OUTPUT = 1_000_000
_LONGEST_LINE = 200


class SqlRecords(SqlWriter):
    """Implements `Records`."""

    async def load(self) -> Cluster | None:
        async with self._database.sessions() as session:
            return await load_cluster(session, self._cluster_id)

    async def take_up(self, cluster: Cluster) -> None:
        names = [machine.name for machine in cluster.machines]
        async with self._write() as session:
            mine = MachineRow.cluster_id == self._cluster_id
            await session.execute(delete(MachineRow).where(mine, MachineRow.name.not_in(names)))
            await self._give_up_runs(session, RunRow.machine.not_in(names))
            for machine in cluster.machines:
                await self._take_up_machine(session, machine)
            await self._update_cluster(session, taken_up=cluster.revision)
            unlisted_turn = (ClusterRow.cluster_id == self._cluster_id, ClusterRow.joining.not_in(names))
            await session.execute(update(ClusterRow).where(*unlisted_turn).values(joining=None))

    async def claim_init(self, machine: Machine) -> bool:
        async with self._write() as session:
            cluster = await session.get_one(ClusterRow, self._cluster_id, with_for_update=True)
            desired = KubernetesDesired.model_validate(cluster.desired)
            others = {spec.server_id for spec in desired.machines} - {machine.server_id}
            if cluster.initialized or cluster.init_server_id in others:
                return False
            cluster.init_server_id = machine.server_id
            cluster.kubernetes_version = desired.kubernetes_version
            return True

    async def claim_turn(self, machine: Machine) -> bool:
        free = or_(ClusterRow.joining.is_(None), ClusterRow.joining == machine.name)
        claim = update(ClusterRow).where(ClusterRow.cluster_id == self._cluster_id, free).values(joining=machine.name)
        async with self._write() as session:
            return cast("CursorResult[Any]", await session.execute(claim)).rowcount == 1

    async def record_reached(self, machine: Machine) -> None:
        async with self._write() as session:
            await self._update_machine(session, machine, reached=True, problem=null())
            await self._happen(session, "MachineReached", f"{machine.name} answers on SSH", machine=machine.name)
            await self._wake_cluster(session)

    async def record_host_key(self, machine: Machine, public_key: str) -> None:
        async with self._write() as session:
            await self._update_machine(session, machine, rotated_key=public_key, rotation_seen=False)

    async def record_rotation_seen(self, machine: Machine) -> None:
        async with self._write() as session:
            await self._update_machine(session, machine, rotation_seen=True)

    async def open_run(self, machine: Machine, step: Step) -> Run:
        async with self._write() as session:
            mine = (RunRow.cluster_id == self._cluster_id, RunRow.machine == machine.name, RunRow.ended_at.is_(None))
            row = (await session.scalars(select(RunRow).where(*mine))).one_or_none()
            if row is not None and (row.step, row.server_id) == (step, machine.server_id):
                return to_run(row)
            await self._give_up_runs(session, RunRow.machine == machine.name)
            run = Run(uuid.uuid4().hex, self._cluster_id, machine.name, machine.server_id, step, is_new=True)
            session.add(_run_row(run))
            await self._happen(session, "StepStarted", f"{step} begins", machine=machine.name)
            return run

    async def record_output(self, run: Run, state: RunState) -> Run:
        if not state.output:
            return run
        async with self._write() as session:
            await self._append_output(session, run, state)
            await self._happen(session, "StepProgress", f"{run.step}: {_last_line(state)}", machine=run.machine)
        return replace(run, read_bytes=state.read_bytes, is_new=False)

    async def finish_run(self, run: Run, state: RunState) -> None:
        async with self._write() as session:
            await self._append_output(session, run, state)
            ended = {"ended_at": func.now(), "exit_code": state.exit_code}
            await session.execute(update(RunRow).where(RunRow.id == run.id).values(**ended))
            if state.exit_code == 0:
                await self._record_success(session, run)
            elif run.step is Step.JOIN:
                await self._release_turn(session, run.machine)

    async def record_initialized(self, machine: Machine, admin_access: bytes) -> None:
        async with self._write() as session:
            await self._update_cluster(session, initialized=True, admin_access=admin_access, problem=null())
            await self._update_machine(session, machine, joined_at=func.now(), problem=null())
            message = f"The cluster's API answers; {machine.name} is its first control plane"
            await self._happen(session, "KubernetesInitialized", message, machine=machine.name)
            await self._wake_all(session)

    async def record_unjoined(self, machine: Machine, why: str) -> None:
        async with self._write() as session:
            await self._update_machine(session, machine, joined_at=None)
            await self._happen(session, "NodeLost", why, machine=machine.name, severity=Severity.WARNING)
            await wake(session, WorkRow, self._key(machine.name))

    async def record_drain_started(self, machine: Machine) -> None:
        async with self._write() as session:
            await self._update_machine(session, machine, drain_started_at=func.now())
            await self._happen(session, "NodeDraining", f"Moving the pods off {machine.name}", machine=machine.name)

    async def record_left(self, machine: Machine) -> None:
        async with self._write() as session:
            await self._update_machine(session, machine, left=True, problem=null())
            await self._release_turn(session, machine.name)
            await self._happen(session, "NodeLeft", f"{machine.name} has left the cluster", machine=machine.name)
            await self._wake_cluster(session)

    async def record_addons(self, digest: str) -> None:
        async with self._write() as session:
            await self._update_cluster(session, addons_digest=digest)
            await self._happen(session, "AddonsApplied", "Network and cloud integration are applied")

    async def record_problem(self, machine: Machine | None, problem: Problem | None) -> None:
        document = from_problem(problem) if problem is not None else null()
        async with self._write() as session:
            if machine is None:
                await self._update_cluster(session, problem=document)
            else:
                await self._update_machine(session, machine, problem=document)
                await self._wake_cluster(session)
            if problem is not None:
                name = machine.name if machine is not None else None
                await self._happen(
                    session, "StepFailed", problem.message, machine=name, severity=Severity.WARNING, code=problem.code
                )

    async def publish(self, observed: KubernetesObserved) -> None:
        async with self._write() as session:
            await publish_observed(session, self._outbox, observed)

    async def happen(
        self, reason: str, message: str, *, machine: str | None = None, severity: Severity = Severity.NORMAL
    ) -> None:
        async with self._write() as session:
            await self._happen(session, reason, message, machine=machine, severity=severity)

    async def forget(self, observed: KubernetesObserved) -> None:
        async with self._write() as session:
            await session.execute(delete(MachineRow).where(MachineRow.cluster_id == self._cluster_id))
            await session.execute(delete(RunRow).where(RunRow.cluster_id == self._cluster_id))
            nothing = dict.fromkeys(
                ("admin_access", "init_server_id", "joining", "addons_digest", "kubernetes_version")
            )
            await self._update_cluster(session, initialized=False, taken_up=-1, problem=null(), **nothing)
            await publish_observed(session, self._outbox, observed)

    async def _take_up_machine(self, session: AsyncSession, machine: Machine) -> None:
        key = {"cluster_id": self._cluster_id, "name": machine.name}
        known = await session.get(MachineRow, (self._cluster_id, machine.name))
        if known is not None and known.server_id != machine.server_id:
            await self._give_up_runs(session, RunRow.machine == machine.name)
            await session.delete(known)
            await session.flush()
        row = insert(MachineRow).values(**key, server_id=machine.server_id)
        anew = {"first_seen_at": func.now()}  # its time to answer begins with what is said of it now
        unreached = MachineRow.reached.is_(False)
        await session.execute(row.on_conflict_do_update(index_elements=list(key), set_=anew, where=unreached))
        await wake(session, WorkRow, self._key(machine.name), forget_failures=True)

    async def _append_output(self, session: AsyncSession, run: Run, state: RunState) -> None:
        output = func.right(RunRow.output + clean(state.output), _MAX_OUTPUT)
        await session.execute(
            update(RunRow).where(RunRow.id == run.id).values(output=output, read_bytes=state.read_bytes)
        )

    async def _record_success(self, session: AsyncSession, run: Run) -> None:
        await self._happen(session, "StepDone", f"{run.step} is done", machine=run.machine)
        match run.step:
            case Step.PREPARE:
                await self._update_machine(session, run, prepared=True, problem=null())
            case Step.INIT:
                await self._update_machine(session, run, init_done_at=func.now(), problem=null())
            case Step.JOIN:
                await self._update_machine(session, run, joined_at=func.now(), problem=null())
                await self._release_turn(session, run.machine)
            case Step.RESET:
                await self._update_machine(session, run, joined_at=None, prepared=False)
        await self._wake_cluster(session)


def _run_row(run: Run) -> RunRow:
    return RunRow(id=run.id, cluster_id=run.cluster_id, machine=run.machine, server_id=run.server_id, step=run.step)


def _last_line(state: RunState) -> str:
    lines = [line.strip() for line in clean(state.output).splitlines() if line.strip()]
    return lines[-1][:_LONGEST_LINE] if lines else ""
