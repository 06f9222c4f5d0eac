"""Faults of the cloud, the network and the machines: each is told with its code and what to do, and none is the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from e2e.harness import Brb, Kubectl, compose, eventually, listing, ready
from e2e.known_secrets import session_token
from e2e.life import Json, Life
from e2e.outside import Machine, Project, mirror_stopped

pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # openstacksdk's, of a library not used

HANG_UP = "pkill -f '^sshd: brb' || true"


@pytest.fixture
def project() -> Iterator[Project]:
    project = Project("demo")
    yield project
    project.close()


@pytest.fixture
def begin(brb: Brb, tmp_path: Path) -> Iterator[Callable[..., Life]]:
    """Asks for a cluster and follows its life."""
    lives: list[Life] = []

    def ask(name: str, *, workers: int = 0) -> Life:
        brb.must("cluster", "create", name, "--control-planes", "1", "--workers", str(workers), "--no-wait")
        lives.append(Life(session_token(tmp_path / "demo"), brb.state(name)["metadata"]["id"]))
        return lives[-1]

    yield ask
    for life in lives:
        life.close()


def test_a_cluster_goes_on_after_each_fault(
    brb: Brb, cluster: str, project: Project, begin: Callable[..., Life], tmp_path: Path
) -> None:
    """One life with a revoked credential, a mirror that is down, a machine that shows another host key, one that is cut
    off, one whose kubeadm fails and is killed, and one that is lost while it joins.
    """
    try_again = partial(brb.must, "cluster", "retry", cluster, "--no-wait")  # all but time: each goes on by itself too
    with without("provisioner-work"):  # a token that was given out would be good for some minutes more
        life = begin(cluster, workers=1)
        project.revoke(f"brb-{life.cluster_id}")
    with mirror_stopped():
        told = life.until_told("ERR_INFRA_UNAUTHENTICATED")
        assert told["user_fixable"]
        assert "new application credential" in told["message"]
        brb.must("cluster", "update", cluster, "--new-credential")

        control_plane = life.until_server("-cp-")
        machine = Machine(control_plane)
        told = life.until_told("ERR_ARTIFACT_UNAVAILABLE")
        assert "mirror" in told["message"]

        life.until_happened("MachineReached", machine="-cp-")
        with machine.other_host_key():
            machine.must(HANG_UP)
            try_again()
            life.until_told("ERR_MACHINE_HOST_KEY_MISMATCH", "nothing was sent")
        with project.unplugged(control_plane):
            try_again()
            life.until_told("ERR_MACHINE_UNREACHABLE", "does not answer on SSH")

    with machine.busy_port(6443):
        try_again()
        life.until_told("ERR_KUBERNETES_STEP_FAILED", "6443")
    try_again()
    killed_once(machine, "kubeadm init")
    life.until_told("ERR_KUBERNETES_STEP_FAILED", "exit code 137")

    life.until_happened("StepStarted", "join", machine="-workers-")
    lost = life.until_server("-workers-")
    project.delete_server(lost)
    brb.must("wait", f"cluster/{cluster}", "--for=Ready", "--timeout", "600")

    assert life.until_server("-workers-") != lost
    kubeconfig = tmp_path / "kubeconfig"
    brb.must("cluster", "kubeconfig", cluster, "--output", str(kubeconfig))
    assert [ready(node) for node in Kubectl(kubeconfig).nodes()] == [True, True]
    assert [name for name in project.credentials() if life.cluster_id in name] != [f"brb-{life.cluster_id}"]


@contextmanager
def without(service: str) -> Iterator[None]:
    """One of the platform's processes is down."""
    assert compose("kill", service).code == 0
    try:
        yield
    finally:
        assert compose("start", service).code == 0


def killed_once(machine: Machine, process: str) -> None:
    eventually(lambda: machine(f"pkill -KILL -f '^{process}'").code == 0, seconds=120, what=f"{process} runs")


STAGES: dict[str, Callable[[Life], Json]] = {
    "infra": lambda life: life.until_happened("ServerCreated"),
    "prepare": lambda life: life.until_happened("StepStarted", "prepare"),
    "init": lambda life: life.until_happened("StepStarted", "init"),
    "join": lambda life: life.until_happened("StepStarted", "join"),
}


def test_a_delete_in_each_stage_leaves_nothing(brb: Brb, begin: Callable[..., Life]) -> None:
    """Four clusters at the same time, each deleted when it has come to its stage."""
    before = listing("demo")
    lives = {stage: begin(f"gone-in-{stage}", workers=1 if stage == "join" else 0) for stage in STAGES}
    try:
        for stage, reach in STAGES.items():
            reach(lives[stage])
            brb.must("cluster", "delete", f"gone-in-{stage}", "--yes", "--no-wait")
        for stage in STAGES:
            brb.must("wait", f"cluster/gone-in-{stage}", "--for=delete", "--timeout", "300")
    finally:
        for stage in STAGES:
            brb.delete_if_there(f"gone-in-{stage}")
    assert listing("demo") == before, "the cloud is not as it was before"
