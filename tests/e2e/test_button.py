"""The main job: a cluster from nothing to Ready, used, and back to nothing, on the real sandbox."""

from functools import partial
from pathlib import Path

import pytest

from e2e import dump, known_secrets
from e2e.canary import Canaries, Leak
from e2e.harness import IMAGES, Brb, Kubectl, compose, eventually, listing, ready, resolve
from e2e.known_secrets import JoinSecrets

WEB = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      nodeName: NODE
      containers:
      - {{name: web, image: {IMAGES}/webtest:1, ports: [{{containerPort: 8080}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec:
  selector: {{app: web}}
  ports: [{{port: 80, targetPort: 8080}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: client}}
spec:
  nodeName: OTHER
  containers:
  - {{name: client, image: {IMAGES}/webtest:1}}
"""


def kubectl_of(brb: Brb, cluster: str, tmp_path: Path) -> Kubectl:
    kubeconfig = tmp_path / "kubeconfig"
    brb.must("cluster", "kubeconfig", cluster, "--output", str(kubeconfig))
    return Kubectl(kubeconfig)


def test_smallest_cluster(brb: Brb, cluster: str, tmp_path: Path) -> None:
    """One control plane: Ready, its kubeconfig works, the zone answers for it, deleted, nothing left."""
    before = listing("demo")
    brb.must("cluster", "create", cluster, "--control-planes", "1", "--workers", "0")
    kubectl = kubectl_of(brb, cluster, tmp_path)
    (node,) = kubectl.nodes()
    assert ready(node)
    assert node["spec"]["providerID"].startswith("openstack:///")
    (app_domain,) = brb.state(cluster)["status"]["app_domains"]
    assert resolve(f"web.{app_domain['domain']}") == [app_domain["address"]]
    note = f"note.{app_domain['domain']}"
    brb.must("dns", "create", note, "TXT", "hello", "--cluster", cluster)
    eventually(lambda: resolve(note, "TXT") == ['"hello"'], seconds=5, what="a record is answered")
    brb.must("cluster", "delete", cluster, "--yes")
    assert listing("demo") == before
    eventually(lambda: resolve(note, "TXT") == [], seconds=5, what="its records went with it")


def test_pods_answer_across_nodes_and_workers_come_and_go(brb: Brb, cluster: str, tmp_path: Path) -> None:
    """One control plane and two workers: a pod answers through a Service from another node; scale in and out."""
    brb.must("cluster", "create", cluster, "--control-planes", "1", "--workers", "2")
    kubectl = kubectl_of(brb, cluster, tmp_path)
    workers = sorted(name for name in map(name_of, kubectl.nodes()) if "worker" in name)
    assert len(workers) == 2
    kubectl.must("apply", "-f", "-", stdin=WEB.replace("NODE", workers[0]).replace("OTHER", workers[1]))
    kubectl.must("rollout", "status", "deployment/web", "--timeout=120s")
    kubectl.must("wait", "--for=condition=Ready", "pod/client", "--timeout=120s")
    get = ("exec", "client", "--", "/usr/local/bin/webtest", "get", "http://web.default.svc.cluster.local/")
    eventually(lambda: "web-" in kubectl(*get).out, seconds=90, what="a pod answers through its Service")

    brb.must("cluster", "scale", cluster, "workers=1")
    assert [name for name in map(name_of, kubectl.nodes()) if "worker" in name] == workers[:1]

    compose("stop")
    try:
        kubectl.must("rollout", "status", "deployment/web", "--timeout=60s")
        assert ready(kubectl.nodes()[0]), "a kubeconfig handed out before works while the platform is stopped"
    finally:
        assert compose("start").code == 0
        eventually(lambda: brb("cluster", "list").code == 0, seconds=120, what="the platform answers again")


def name_of(node: dict[str, dict[str, str]]) -> str:
    return node["metadata"]["name"]


def test_three_control_planes_and_their_secrets(brb: Brb, cluster: str, tmp_path: Path) -> None:
    """High availability: three control planes behind an Octavia load balancer. None of the secrets of all this is kept
    or said anywhere in clear.
    """
    brb.must("cluster", "create", cluster, "--control-planes", "3", "--workers", "0", "--no-wait")
    with JoinSecrets(brb, cluster) as joining:
        brb.must("wait", f"cluster/{cluster}", "--for=Ready", "--timeout", "1200", timeout=1300)
    kubectl = kubectl_of(brb, cluster, tmp_path)
    assert [ready(node) for node in kubectl.nodes()] == [True, True, True]
    assert {name for name, _ in joining.found} == {"certificate key", "join token"}

    canaries, home = Canaries(), tmp_path / "demo"
    for name, secret in joining.found:
        canaries.add(name, secret)
    known_secrets.of_the_platform(canaries)
    canaries.add("the session's token", known_secrets.session_token(home))
    state = brb.state(cluster)
    known_secrets.of_the_cluster(canaries, kubectl, state["status"]["machines"], tmp_path / "kubeconfig")
    assert leaks(canaries, home, state["metadata"]["id"]) == []


def leaks(canaries: Canaries, home: Path, cluster_id: str) -> list[Leak]:
    """What is found of the secrets. The cluster's id, which is in every place, shows that all was looked at."""
    control = Canaries()
    control.add("the cluster's id", cluster_id)
    token = known_secrets.session_token(home)
    places = (dump.logs(), dump.streams(), dump.tables(), dump.answers(token, cluster_id))
    found: list[Leak] = []
    for place in places:
        contents = list(place)
        assert any(control.search(name, content) for name, content in contents), (
            f"not looked at: {[name for name, _ in contents]}"
        )
        found += [leak for name, content in contents for leak in canaries.search(name, content)]
    return found


def test_too_small_a_quota_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    before = listing("small")
    small = Brb(tmp_path / "small", "small")
    refused = small("cluster", "create", "toobig", "--control-planes", "1", "--workers", "3")
    assert refused.code == 6, refused.err
    assert "quota" in refused.err.lower()
    assert listing("small") == before


@pytest.mark.parametrize("stage", ["creation", "deletion"])
def test_killed_services_converge(brb: Brb, cluster: str, tmp_path: Path, stage: str) -> None:
    """kill -9 of each service in turn while a cluster is made or removed: it converges, doubles and leaks nothing."""
    brb.must("cluster", "create", cluster, "--control-planes", "1", "--workers", "1", "--no-wait")
    if stage == "creation":
        kill_all_in_turn(brb)
    brb.must("wait", f"cluster/{cluster}", "--for=Ready", "--timeout", "600")
    servers = [line for line in listing("demo")["servers"] if cluster in line]
    assert len(servers) == 2
    brb.must("cluster", "delete", cluster, "--yes", "--no-wait")
    if stage == "deletion":
        kill_all_in_turn(brb)
    brb.must("wait", f"cluster/{cluster}", "--for=delete", "--timeout", "600")


def kill_all_in_turn(brb: Brb) -> None:
    for service in ("api-gateway-work", "provisioner-work", "installer-work", "nats", "postgres", "api-gateway"):
        assert compose("kill", "--signal", "SIGKILL", service).code == 0
        assert compose("start", service).code == 0
        eventually(partial(is_running, service), seconds=60, what=f"{service} runs again")
    eventually(lambda: brb("cluster", "list").code == 0, seconds=120, what="the platform answers again")


def is_running(service: str) -> bool:
    return service in compose("ps", "--services", "--status", "running").out.split()
