"""The upstream manifests as a cluster gets them."""

import json

import httpx
import pytest
from pydantic import SecretStr

from brb_installer.addons.cloud_controller import render_cloud_conf
from brb_installer.addons.flannel import render_flannel
from brb_installer.addons.images import plan_early_images
from brb_installer.addons.manifests import HttpManifests, parse_manifest
from brb_installer.settings import Settings
from brb_shared.clouds import Cloud
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.desired import MachineRole
from brb_shared.reconcile import TransientError
from fakes.node_installation import OneCredential, UpstreamManifests, desired

UPSTREAM = Settings(database_url=SecretStr("postgresql+asyncpg://nowhere"))
MIRROR = UPSTREAM.model_copy(update={"image_repository": "192.0.2.3:5000/kubernetes"})
CLOUD = Cloud(
    display_name="Cloud", auth_url="https://keystone.example/v3", lb_provider="ovn", lb_method="SOURCE_IP_PORT"
)


async def test_flannel_gets_the_pod_network_and_keeps_upstreams_images() -> None:
    config, daemons = render_flannel(await UpstreamManifests().fetch("x/kube-flannel.yml"), UPSTREAM, "10.8.0.0/16")
    assert json.loads(config["data"]["net-conf.json"]) == {"Network": "10.8.0.0/16", "Backend": {"Type": "vxlan"}}
    [container] = daemons["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "ghcr.io/flannel-io/flannel:v0"


async def test_addons_come_from_the_mirror_that_has_kubernetes_images() -> None:
    documents = render_flannel(await UpstreamManifests().fetch("x/kube-flannel.yml"), MIRROR, "10.8.0.0/16")
    images = plan_early_images(MIRROR, "1.36.3", MachineRole.WORKER, documents)
    assert images == (
        "192.0.2.3:5000/kubernetes/pause:3.10.2",
        "192.0.2.3:5000/kubernetes/kube-proxy:v1.36.3",
        "192.0.2.3:5000/kubernetes/flannel:v0",
    )


async def test_the_cloud_controller_signs_in_with_the_clusters_own_credential() -> None:
    credential = await OneCredential().credential(desired([]).credential_id)
    conf = render_cloud_conf(desired([]), CLOUD, credential)
    assert "application-credential-id=application-credential-1\n" in conf
    assert "application-credential-secret=canary-application-credential\n" in conf
    assert "lb-method=SOURCE_IP_PORT\n" in conf
    assert "subnet-id=subnet-1\n" in conf
    assert "password" not in conf


def test_lists_in_a_manifest_are_taken_apart() -> None:
    text = "kind: List\nitems: [{kind: A}, {kind: B}]\n---\n---\nkind: C\n"
    assert [document["kind"] for document in parse_manifest("url", text)] == ["A", "B", "C"]


async def test_a_manifest_is_fetched_once() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, text="kind: A")

    manifests = HttpManifests(httpx.AsyncClient(transport=httpx.MockTransport(answer)))
    for _ in range(2):
        assert await manifests.fetch("http://mirror.example/a.yaml") == ({"kind": "A"},)
    assert len(asked) == 1
    await manifests.close()


@pytest.mark.parametrize(
    "answer", [httpx.Response(404), httpx.Response(200, text="{broken"), httpx.Response(200, text="just words")]
)
async def test_a_manifest_that_cannot_be_had_is_an_artifact_error(answer: httpx.Response) -> None:
    manifests = HttpManifests(httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: answer)))
    with pytest.raises(TransientError) as caught:
        await manifests.fetch("http://mirror.example/a.yaml")
    assert caught.value.code is ErrorCode.ARTIFACT_UNAVAILABLE
    await manifests.close()
