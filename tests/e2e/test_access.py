"""Who may do what inside a real cluster: it answers as the platform does, and a right that is taken ends at once."""

import asyncio
from pathlib import Path

from brb_shared.access.model import Request
from brb_shared.contracts.ids import ClusterId
from brb_shared.kubernetes.access import ClusterAccess, parse_kubeconfig
from brb_shared.kubernetes.client import ClusterClient, ClusterClients
from e2e.access_world import Authz, questions, to_review
from e2e.harness import Brb, Kubectl, compose, eventually

REVOKED_WITHIN_SECONDS = 5
_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_AT_ONCE = 20


def kubeconfig_of(brb: Brb, cluster: str, path: Path) -> Kubectl:
    brb.must("cluster", "kubeconfig", cluster, "--output", str(path))
    return Kubectl(path)


def test_the_cluster_decides_as_the_platform_does(brb: Brb, cluster: str, tmp_path: Path) -> None:
    brb.must("cluster", "create", cluster, "--control-planes", "1", "--workers", "0")
    cluster_id = brb.state(cluster)["metadata"]["id"]
    owner = Authz.of(brb)
    owner.bind(cluster_id, seed=1)
    kubectl = kubeconfig_of(brb, cluster, tmp_path / "owner")  # handed out once all of it stands in the cluster
    quota = kubectl.json("get", "resourcequota", "--namespace", "e2e-one")["items"]
    assert [item["spec"]["hard"] for item in quota] == [{"pods": "20"}]

    asked = list(questions(2, cluster_id, 600))
    answers = asyncio.run(ask_all(parse_kubeconfig((tmp_path / "owner").read_text()), cluster_id, asked))
    index = Authz("").index()
    different = [request for request, theirs in zip(asked, answers, strict=True) if index.check(request) is not theirs]
    assert different == []
    assert 60 < sum(answers) < 540, "a share of both"

    viewer = Brb(tmp_path / "small", "small")
    binding = bind_viewer(owner, viewer, cluster_id)
    watching = kubeconfig_of(viewer, cluster_id, tmp_path / "viewer")
    watching.must("get", "pods", "--namespace", "kube-system")
    assert "forbidden" in watching("delete", "pods", "--all", "--namespace", "kube-system").err.lower()
    keeps_working_alone(watching, brb)

    owner(("DELETE", f"/internal/v1/role-bindings/{binding}", None))
    eventually(
        lambda: "forbidden" in watching("get", "pods", "--namespace", "kube-system").err.lower(),
        seconds=REVOKED_WITHIN_SECONDS,
        what="a kubeconfig that is still valid can do nothing any more",
    )
    assert viewer("cluster", "show", cluster_id).code == 3


def bind_viewer(owner: Authz, viewer: Brb, cluster_id: str) -> str:
    """A user of another Keystone project; the binding's id."""
    body = {
        "subject": {"kind": "user", "id": viewer.json("whoami")["user"]["id"]},
        "role_id": "cluster-viewer",
        "scope": {"level": "cluster", "cluster_id": cluster_id},
    }
    (made,) = owner(("POST", "/internal/v1/role-bindings", body))
    id_: str = made["id"]
    return id_


def keeps_working_alone(kubectl: Kubectl, brb: Brb) -> None:
    """The cluster decides by itself while the platform is stopped."""
    assert compose("stop").code == 0
    try:
        kubectl.must("get", "pods", "--namespace", "kube-system")
    finally:
        assert compose("start").code == 0
        eventually(lambda: brb("cluster", "list").code == 0, seconds=120, what="the platform answers again")


async def ask_all(access: ClusterAccess, cluster_id: str, asked: list[Request]) -> list[bool]:
    clients = ClusterClients()
    client = clients.of(ClusterId(cluster_id), access, "e2e")
    answers: list[bool] = []
    try:
        for start in range(0, len(asked), _AT_ONCE):
            answers += await asyncio.gather(*(_ask(client, each) for each in asked[start : start + _AT_ONCE]))
    finally:
        await clients.close()
    return answers


async def _ask(client: ClusterClient, request: Request) -> bool:
    answer = await client.request("POST", _REVIEWS, to_review(request))
    return bool(answer["status"]["allowed"])
