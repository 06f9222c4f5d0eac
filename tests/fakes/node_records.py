"""The installer's records in memory; they outlive a killed installer as PostgreSQL does."""

import uuid
from dataclasses import dataclass, field, replace
from typing import Any

from brb_installer.cluster import Cluster, Machine, Problem, Run, Step
from brb_installer.ssh.node import INTERRUPTED, RunState
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.happened import Severity
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesObserved
from fakes.node_world import Clock, Switch


@dataclass
class ClosedRun:
    run: Run
    exit_code: int


@dataclass
class FakeRecords:
    """Implements `Records`; each write is one outside call that happens wholly or not at all."""

    switch: Switch
    clock: Clock
    cluster: Cluster | None = None
    rows: dict[str, Machine] = field(default_factory=dict)
    closed: list[ClosedRun] = field(default_factory=list)
    timeline: list[tuple[str, str]] = field(default_factory=list)
    published: list[KubernetesObserved] = field(default_factory=list)

    def want(self, desired: KubernetesDesired) -> None:
        """A newer desired state has come."""
        if self.cluster is None:
            self.cluster = Cluster(desired=desired, revision=1)
        else:
            self.cluster = replace(self.cluster, desired=desired, revision=self.cluster.revision + 1)

    async def load(self) -> Cluster | None:
        if self.cluster is None:
            return None
        return replace(self.cluster, machines=tuple(map(self._machine, self.cluster.desired.machines)))

    async def take_up(self, cluster: Cluster) -> None:
        with self.switch.call("record take up"):
            listed = {machine.name: machine for machine in cluster.machines}
            self.rows = {name: row for name, row in self.rows.items() if name in listed}
            for name, machine in listed.items():
                known = self.rows.get(name)
                if known is None or known.server_id != machine.server_id:
                    self.rows[name] = Machine(spec=machine.spec, first_seen_at=self.clock())
                elif not known.reached:
                    self.rows[name] = replace(known, first_seen_at=self.clock())
            joining = cluster.joining if cluster.joining in listed else None
            self._set_cluster(taken_up=cluster.revision, joining=joining)

    async def claim_init(self, machine: Machine) -> bool:
        with self.switch.call("record claim init"):
            assert self.cluster is not None
            others = {spec.server_id for spec in self.cluster.desired.machines} - {machine.server_id}
            if self.cluster.initialized or self.cluster.init_server_id in others:
                return False
            version = self.cluster.desired.kubernetes_version
            self._set_cluster(init_server_id=machine.server_id, kubernetes_version=version)
            return True

    async def claim_turn(self, machine: Machine) -> bool:
        with self.switch.call("record claim turn"):
            assert self.cluster is not None
            if self.cluster.joining not in (None, machine.name):
                return False
            self._set_cluster(joining=machine.name)
            return True

    async def record_reached(self, machine: Machine) -> None:
        self._write("reached", machine.name, reached=True, problem=None)

    async def record_host_key(self, machine: Machine, public_key: str) -> None:
        self._write("host key", machine.name, rotated_key=public_key, rotation_seen=False)

    async def record_rotation_seen(self, machine: Machine) -> None:
        self._write("rotation", machine.name, rotation_seen=True)

    async def open_run(self, machine: Machine, step: Step) -> Run:
        with self.switch.call(f"record run of {step}"):
            assert self.cluster is not None
            known = self.rows[machine.name].run
            if known is not None and known.step is step:
                return replace(known, is_new=False)
            if known is not None:
                self.closed.append(ClosedRun(known, INTERRUPTED))
            run = Run(uuid.uuid4().hex, self.cluster.id, machine.name, machine.server_id, step, is_new=True)
            self._set_machine(machine.name, run=run)
            return run

    async def record_output(self, run: Run, state: RunState) -> Run:
        with self.switch.call("record output"):
            advanced = replace(run, read_bytes=state.read_bytes, is_new=False)
            self._set_machine(run.machine, run=advanced)
            return advanced

    async def finish_run(self, run: Run, state: RunState) -> None:
        with self.switch.call(f"record end of {run.step}"):
            assert state.exit_code is not None
            self.closed.append(ClosedRun(run, state.exit_code))
            self._set_machine(run.machine, run=None)
            if state.exit_code == 0:
                self._record_success(run)
            if run.step is Step.JOIN:
                self._release_turn(run.machine)

    async def record_initialized(self, machine: Machine, admin_access: bytes) -> None:
        with self.switch.call("record initialized"):
            self._set_cluster(initialized=True, admin_access=admin_access, problem=None)
            self._set_machine(machine.name, joined_at=self.clock(), problem=None)

    async def record_unjoined(self, machine: Machine, why: str) -> None:
        self._write("unjoined", machine.name, joined_at=None)

    async def record_drain_started(self, machine: Machine) -> None:
        self._write("drain", machine.name, drain_started_at=self.clock())

    async def record_left(self, machine: Machine) -> None:
        with self.switch.call("record left"):
            self._set_machine(machine.name, left=True, problem=None)
            self._release_turn(machine.name)

    async def record_addons(self, digest: str) -> None:
        with self.switch.call("record addons"):
            self._set_cluster(addons_digest=digest)

    async def record_problem(self, machine: Machine | None, problem: Problem | None) -> None:
        with self.switch.call("record problem"):
            if machine is None:
                self._set_cluster(problem=problem)
            else:
                self._set_machine(machine.name, problem=problem)

    async def publish(self, observed: KubernetesObserved) -> None:
        with self.switch.call("record observed"):
            self._publish(observed)

    async def happen(
        self, reason: str, message: str, *, machine: str | None = None, severity: Severity = Severity.NORMAL
    ) -> None:
        with self.switch.call("record timeline"):
            self.timeline.append((reason, message))

    async def forget(self, observed: KubernetesObserved) -> None:
        with self.switch.call("record forget"):
            self.rows.clear()
            self._set_cluster(initialized=False, admin_access=None, init_server_id=None, joining=None)
            self._publish(observed)

    @property
    def is_absent(self) -> bool:
        return bool(self.published) and self.published[-1].presence is Presence.ABSENT

    def _machine(self, spec: Any) -> Machine:
        row = self.rows.get(spec.name)
        if row is None or row.server_id != spec.server_id:
            return Machine(spec=spec, first_seen_at=self.clock())
        return replace(row, spec=spec)

    def _publish(self, observed: KubernetesObserved) -> None:
        self._set_cluster(observed=observed)
        self.published.append(observed)

    def _record_success(self, run: Run) -> None:
        changes: dict[Step, dict[str, Any]] = {
            Step.PREPARE: {"prepared": True},
            Step.INIT: {"init_done_at": self.clock()},
            Step.JOIN: {"joined_at": self.clock()},
            Step.RESET: {"joined_at": None, "prepared": False},
        }
        self._set_machine(run.machine, problem=None, **changes[run.step])

    def _release_turn(self, machine: str) -> None:
        if self.cluster is not None and self.cluster.joining == machine:
            self._set_cluster(joining=None)

    def _write(self, what: str, name: str, **changes: Any) -> None:
        with self.switch.call(f"record {what}"):
            self._set_machine(name, **changes)

    def _set_machine(self, name: str, **changes: Any) -> None:
        self.rows[name] = replace(self.rows[name], **changes)

    def _set_cluster(self, **changes: Any) -> None:
        assert self.cluster is not None
        self.cluster = replace(self.cluster, **changes)
