"""The proof: whatever the order, doubling and delay of messages, the hub ends with the same plan.

A simulated network keeps every message that was ever sent. Hypothesis chooses which one is delivered next, old ones and
twice as well; only the version guard protects the receivers. In the end the newest are delivered until all is quiet.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brb_api_gateway.clusters.flow import plan
from brb_api_gateway.clusters.machines import wanted_machines
from brb_api_gateway.clusters.spec import ClusterSpec
from brb_api_gateway.clusters.status import StoredStatus, render_status
from brb_api_gateway.clusters.world import ALWAYS, DNS, INFRASTRUCTURE, KUBERNETES, Cluster, StageName, Stages, World
from brb_shared.contracts.desired import Desired, Observed
from brb_shared.contracts.dns import DnsDesired
from brb_shared.contracts.infrastructure import ApiEndpoint, InfrastructureDesired
from brb_shared.contracts.kubernetes import KubernetesDesired
from fakes.clusters import cluster, pool, spec
from fakes.workers import ObedientDns, ObedientInstaller, ObedientProvisioner

_QUIET_ROUNDS = 400
EVERY_STAGE: Stages = ALWAYS | {DNS}


@dataclass
class Inbox:
    """The version guard: keeps the highest revision."""

    revision: int = 0


@dataclass
class Simulation:
    """A hub, a provisioner, an installer and a dns, and all messages ever sent between them."""

    cluster: Cluster
    asked: dict[StageName, Desired] = field(default_factory=dict)
    asked_revision: dict[StageName, int] = field(default_factory=dict)
    seen: dict[StageName, Observed] = field(default_factory=dict)
    hub_inbox: dict[StageName, Inbox] = field(default_factory=lambda: {stage: Inbox() for stage in StageName})
    worker_inbox: dict[StageName, Inbox] = field(default_factory=lambda: {stage: Inbox() for stage in StageName})
    taken_up: dict[StageName, Desired] = field(default_factory=dict)
    provisioner: ObedientProvisioner = field(default_factory=ObedientProvisioner)
    installer: ObedientInstaller = field(default_factory=ObedientInstaller)
    dns: ObedientDns = field(default_factory=ObedientDns)
    desired_sent: list[tuple[StageName, int, Desired]] = field(default_factory=list)
    observed_sent: list[tuple[StageName, int, Observed]] = field(default_factory=list)
    let_go: set[str] = field(default_factory=set)
    finished: bool = False

    def change(self, wanted: ClusterSpec | None) -> None:
        """The user's next generation; None: delete."""
        if self.cluster.deleting:
            return
        self.cluster = cluster(
            wanted or self.cluster.spec,
            generation=self.cluster.generation + 1,
            deleting=wanted is None,
            stages=self.cluster.stages,
        )
        self.run_hub()

    def run_hub(self) -> None:
        decided = plan(self.cluster, World(self.asked, self.seen))
        self.finished = decided.finished
        for stage, document in decided.desired.items():
            if self.asked.get(stage) != document:
                self.check_let_go(document)
                self.asked[stage] = document
                self.asked_revision[stage] = self.asked_revision.get(stage, 0) + 1
                self.desired_sent.append((stage, self.asked_revision[stage], document))

    def check_let_go(self, document: Desired) -> None:
        """A machine that was let go comes back only if it is wanted again: else it would be made again."""
        before = self.asked.get(INFRASTRUCTURE)
        if isinstance(document, InfrastructureDesired) and isinstance(before, InfrastructureDesired):
            names = {machine.name for machine in document.machines}
            wanted = {machine.name for machine in wanted_machines(self.cluster)}
            assert not (names & self.let_go) - wanted
            self.let_go = (self.let_go | {machine.name for machine in before.machines}) - names

    def deliver_desired(self, index: int) -> None:
        stage, revision, document = self.desired_sent[index % len(self.desired_sent)]
        if revision > self.worker_inbox[stage].revision:
            self.worker_inbox[stage].revision = revision
            self.taken_up[stage] = document

    def deliver_observed(self, index: int) -> None:
        if not self.observed_sent:
            return
        stage, revision, document = self.observed_sent[index % len(self.observed_sent)]
        if revision > self.hub_inbox[stage].revision:
            self.hub_inbox[stage].revision = revision
            self.seen[stage] = document
        self.run_hub()

    def step(self, stage: StageName) -> None:
        desired = self.taken_up.get(stage)
        seen: Observed
        match desired:
            case InfrastructureDesired():
                seen = self.provisioner.step(desired)
            case KubernetesDesired():
                seen = self.installer.step(desired)
            case DnsDesired():
                seen = self.dns.step(desired)
            case _:
                return
        revision = 1 + sum(sent[0] is stage for sent in self.observed_sent)
        self.observed_sent.append((stage, revision, seen))

    def settle(self) -> None:
        """Deliver the newest of everything until nothing changes any more."""
        for _ in range(_QUIET_ROUNDS):
            before = len(self.desired_sent)
            for index in range(len(self.desired_sent)):
                self.deliver_desired(index)
            for stage in StageName:
                self.step(stage)
            for index in range(len(self.observed_sent)):
                self.deliver_observed(index)
            if before == len(self.desired_sent) and self._is_quiet():
                return
        raise AssertionError("it never became quiet")

    def _is_quiet(self) -> bool:
        newest = {stage: document for stage, _, document in self.desired_sent}
        if newest != self.taken_up:
            return False
        return all(self._is_settled(document) for document in newest.values())

    def _is_settled(self, document: Desired) -> bool:
        match document:
            case InfrastructureDesired():
                return self.provisioner.is_settled(document)
            case KubernetesDesired():
                return self.installer.is_settled(document)
            case DnsDesired():
                return self.dns.is_settled(document)
        raise AssertionError(document)


def run(
    changes: Sequence[tuple[int, ClusterSpec | None]],
    disorder: Sequence[tuple[str, int]],
    *,
    from_ready: bool = False,
    stages: Stages = EVERY_STAGE,
) -> Simulation:
    """Apply each change after that many disordered acts, then let all become quiet."""
    simulation = Simulation(cluster(stages=stages))
    simulation.run_hub()
    if from_ready:
        simulation.settle()
    due = dict(changes)
    for place, (act, index) in enumerate(disorder):
        if place in due:
            simulation.change(due[place])
        match act:
            case "desired":
                simulation.deliver_desired(index)
            case "observed":
                simulation.deliver_observed(index)
            case "provision":
                simulation.step(INFRASTRUCTURE)
            case "name":
                simulation.step(DNS)
            case _:
                simulation.step(KUBERNETES)
    for place, wanted in changes:
        if place >= len(disorder):
            simulation.change(wanted)
    simulation.settle()
    return simulation


def orderly(changes: Sequence[tuple[int, ClusterSpec | None]], *, stages: Stages = EVERY_STAGE) -> Simulation:
    simulation = Simulation(cluster(stages=stages))
    simulation.run_hub()
    simulation.settle()
    for _, wanted in changes:
        simulation.change(wanted)
        simulation.settle()
    return simulation


_HA = {"api_endpoint": ApiEndpoint.LOAD_BALANCER}
SPECS = st.one_of(
    st.builds(lambda workers: spec(workers=workers), st.integers(0, 4)),
    st.builds(lambda workers: spec(control_planes=3, workers=workers, **_HA), st.integers(0, 2)),
    st.just(spec(machine_pools=(pool("cp", 1, control_plane=True), pool("big", 2)))),
)
WHICH = st.one_of(st.just(-1), st.integers(0, 500))
"""The newest message, or any."""


def acts(longest: int) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Often one party rests for the whole time: what the others do meanwhile is where mistakes hide."""
    kinds = st.sets(st.sampled_from(["desired", "observed", "provision", "install", "name"]), min_size=2).map(sorted)
    return kinds.flatmap(lambda chosen: st.lists(st.tuples(st.sampled_from(chosen), WHICH), max_size=longest))


CHANGES = st.lists(st.tuples(st.integers(0, 80), SPECS), max_size=4, unique_by=lambda change: change[0]).map(
    lambda changes: sorted(changes, key=lambda change: change[0])
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHANGES, disorder=acts(80), from_ready=st.booleans(), stages=st.sampled_from([EVERY_STAGE, ALWAYS]))
def test_any_order_and_doubling_of_messages_ends_in_the_same_plan(
    changes: list[tuple[int, ClusterSpec]], disorder: list[tuple[str, int]], from_ready: bool, stages: Stages
) -> None:
    disordered = run(changes, disorder, from_ready=from_ready, stages=stages)
    straight = orderly(changes, stages=stages)
    assert machines_of(disordered) == machines_of(straight)
    assert plan(disordered.cluster, World(disordered.asked, disordered.seen)).desired == disordered.asked
    assert set(disordered.provisioner.machines) == set(straight.provisioner.machines)
    assert set(disordered.installer.nodes) == set(straight.installer.nodes)
    assert set(disordered.asked) == set(stages)
    assert set(disordered.dns.addresses) == (addresses_of(disordered) if DNS in stages else set())
    assert status_of(disordered).conditions_that_hold == status_of(straight).conditions_that_hold


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=CHANGES, delete_at=st.integers(0, 80), disorder=acts(80))
def test_a_delete_at_any_moment_ends_with_nothing_left(
    changes: list[tuple[int, ClusterSpec]], delete_at: int, disorder: list[tuple[str, int]]
) -> None:
    earlier: list[tuple[int, ClusterSpec | None]] = [change for change in changes if change[0] < delete_at]
    simulation = run([*earlier, (delete_at, None)], disorder)
    assert simulation.finished
    assert simulation.provisioner.machines == {}
    assert simulation.installer.nodes == {}
    assert simulation.dns.addresses == []


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(disorder=acts(40))
def test_no_machine_is_ever_made_twice(disorder: list[tuple[str, int]]) -> None:
    """A Ready cluster made smaller, in any disorder: what was let go does not come back."""
    simulation = run([(0, spec(workers=0))], disorder, from_ready=True)
    assert sorted(simulation.provisioner.made) == sorted(set(simulation.provisioner.made))


def addresses_of(simulation: Simulation) -> set[str]:
    """The public addresses that stand in the end."""
    api = simulation.provisioner.step(expected(simulation)).outputs.api_external_host
    machines = [machine.floating_address for machine in simulation.provisioner.machines.values()]
    return {address for address in (*machines, api) if address is not None}


def expected(simulation: Simulation) -> InfrastructureDesired:
    document = simulation.asked[INFRASTRUCTURE]
    assert isinstance(document, InfrastructureDesired)
    return document


@dataclass(frozen=True)
class Held:
    conditions_that_hold: frozenset[str]


def machines_of(simulation: Simulation) -> dict[StageName, list[tuple[str, bool]]]:
    """What is asked for in the end, whatever the servers' ids and addresses are."""
    return {
        stage: sorted((one.name, getattr(one, "leaving", False)) for one in document.machines)
        for stage, document in simulation.asked.items()
        if isinstance(document, InfrastructureDesired | KubernetesDesired)
    }


def status_of(simulation: Simulation) -> Held:
    status = render_status(
        simulation.cluster, World(simulation.asked, simulation.seen), StoredStatus(), datetime.now(UTC)
    )
    return Held(frozenset(condition.type for condition in status.conditions if condition.is_true))
