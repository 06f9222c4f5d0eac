"""The adapter of the cluster's API, over real HTTP."""

import base64
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brb_installer.kubernetes.api import KubernetesApi, KubernetesApis
from brb_installer.kubernetes.cluster_api import PodRef
from brb_shared.contracts.ids import ClusterId
from brb_shared.kubernetes.access import ClusterAccess
from brb_shared.kubernetes.errors import ClusterRefused, ClusterUnreachable
from fakes.node_api_server import ScriptedApiServer, access_to

CLUSTER = ClusterId("c-0123456789")
REQUESTS = "/apis/certificates.k8s.io/v1/certificatesigningrequests"


@pytest.fixture
def server() -> ScriptedApiServer:
    return ScriptedApiServer({})


@pytest.fixture
def access(server: ScriptedApiServer) -> Iterator[ClusterAccess]:
    with server.serve() as access:
        yield access


@pytest.fixture
async def api(access: ClusterAccess) -> AsyncIterator[KubernetesApi]:
    apis = KubernetesApis()
    yield apis.of(CLUSTER, access)
    await apis.close()


async def test_the_version_is_told_without_its_v(server: ScriptedApiServer, api: KubernetesApi) -> None:
    server.answers["GET /version"] = [(200, {"gitVersion": "v1.36.3"})]
    assert await api.version() == "1.36.3"


async def test_what_is_gone_need_not_be_deleted(api: KubernetesApi) -> None:
    await api.delete_node("w-0", "uid")
    await api.patch_node("w-0", {"spec": {"unschedulable": True}})
    await api.delete_pod(PodRef("default", "app"))
    assert await api.evict(PodRef("default", "app"))


async def test_a_node_is_deleted_only_if_it_is_that_very_one(server: ScriptedApiServer, api: KubernetesApi) -> None:
    server.answers["DELETE /api/v1/nodes/w-0"] = [(200, {})]
    await api.delete_node("w-0", "uid-1")
    assert server.asked[0].body == {"preconditions": {"uid": "uid-1"}}


async def test_a_touched_pod_has_the_time_on_it(server: ScriptedApiServer, api: KubernetesApi) -> None:
    server.answers["PATCH /api/v1/namespaces/default/pods/app"] = [(200, {})]
    await api.touch_pod(PodRef("default", "app"), datetime(2026, 11, 29, tzinfo=UTC))
    annotations = {"bigredbutton/touched-at": "2026-11-29T00:00:00+00:00"}
    assert server.asked[0].body == {"metadata": {"annotations": annotations}}
    await api.touch_pod(PodRef("default", "gone"), datetime(2026, 11, 29, tzinfo=UTC))


async def test_a_disruption_budget_answers_no(server: ScriptedApiServer, api: KubernetesApi) -> None:
    server.answers["POST /api/v1/namespaces/default/pods/app/eviction"] = [(429, {"message": "budget"})]
    assert not await api.evict(PodRef("default", "app"))


async def test_a_refusal_carries_kubernetes_own_sentence(server: ScriptedApiServer, api: KubernetesApi) -> None:
    server.answers["PATCH /api/v1/nodes/w-0"] = [(409, {"message": "the object has been modified"})]
    with pytest.raises(ClusterRefused) as caught:
        await api.patch_node("w-0", {})
    assert (caught.value.status, caught.value.message) == (409, "the object has been modified")


async def test_an_api_that_does_not_listen_is_unreachable() -> None:
    apis = KubernetesApis()
    with pytest.raises(ClusterUnreachable, match=r"does not answer at http://127\.0\.0\.1:9"):
        await apis.of(CLUSTER, access_to("http://127.0.0.1:9")).version()
    await apis.close()


async def test_objects_are_applied_where_the_api_itself_has_their_kind(
    server: ScriptedApiServer, api: KubernetesApi
) -> None:
    kinds = [
        {"name": "daemonsets", "kind": "DaemonSet", "namespaced": True},
        {"name": "daemonsets/status", "kind": "DaemonSet", "namespaced": True},
    ]
    server.answers["GET /apis/apps/v1"] = [(200, {"resources": kinds})]
    path = "/apis/apps/v1/namespaces/kube-system/daemonsets/d"
    server.answers[f"PATCH {path}"] = [(200, {})]
    document = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "d", "namespace": "kube-system"}}
    await api.apply([document, document])
    applied = [asked for asked in server.asked if asked.method == "PATCH"]
    assert [asked.path for asked in applied] == [f"{path}?fieldManager=brb-installer&force=true"] * 2
    assert applied[0].content_type == "application/apply-patch+yaml"
    assert applied[0].body == document
    assert len([asked for asked in server.asked if asked.method == "GET"]) == 1


async def test_a_kind_that_the_cluster_does_not_know_is_refused(server: ScriptedApiServer, api: KubernetesApi) -> None:
    server.answers["GET /api/v1"] = [(200, {"resources": []})]
    with pytest.raises(ClusterRefused, match="no kind Unicorn in v1"):
        await api.apply([{"apiVersion": "v1", "kind": "Unicorn", "metadata": {"name": "u"}}])


async def test_a_bootstrap_token_expires(server: ScriptedApiServer, api: KubernetesApi) -> None:
    server.answers["POST /api/v1/namespaces/kube-system/secrets"] = [(201, {})]
    await api.create_bootstrap_token("abcdef.0123456789abcdef", datetime(2030, 1, 1, 12, tzinfo=UTC))
    secret = server.asked[0].body
    assert secret["metadata"]["name"] == "bootstrap-token-abcdef"
    assert secret["stringData"]["expiration"] == "2030-01-01T12:00:00Z"


async def test_a_client_certificate_is_asked_approved_fetched_and_the_request_removed(
    server: ScriptedApiServer, api: KubernetesApi
) -> None:
    created: dict[str, Any] = {"metadata": {"name": "r"}, "spec": {}}
    signed = {"status": {"certificate": base64.b64encode(b"the certificate").decode()}}
    server.answers |= {
        f"POST {REQUESTS}": [(201, created)],
        f"PUT {REQUESTS}/r/approval": [(200, {})],
        f"GET {REQUESTS}/r": [(200, {}), (200, signed)],
        f"DELETE {REQUESTS}/r": [(200, {})],
    }
    assert await api.sign_client_certificate("r", b"the request", 600) == b"the certificate"
    asked = {call.method: call.body for call in server.asked}
    assert asked["POST"]["spec"]["expirationSeconds"] == 600
    assert asked["POST"]["spec"]["signerName"] == "kubernetes.io/kube-apiserver-client"
    assert asked["PUT"]["status"]["conditions"][0]["type"] == "Approved"
    assert server.asked[-1].method == "DELETE"


async def test_the_administrators_key_is_on_no_disk_once_the_client_is_open(
    access: ClusterAccess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    apis = KubernetesApis()
    apis.of(CLUSTER, access)
    assert os.listdir(tmp_path) == []
    await apis.close()
