"""Pod network, cloud integration and who may do what from the start, applied to the cluster's API right after init."""

import hashlib
import json
from typing import Any

import structlog

from brb_installer.addons.access import render_access
from brb_installer.addons.cloud_controller import render_cloud_config_secret, render_cloud_controller
from brb_installer.addons.flannel import render_flannel
from brb_installer.artifacts import cloud_controller_manifest_urls, flannel_manifest_url
from brb_installer.cluster import Cluster
from brb_installer.kubernetes.cluster_api import ClusterApi
from brb_installer.steps.scope import DONE, ClusterScope, StepResult
from brb_installer.tools import Tools
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.hub import CredentialGone
from brb_shared.kubernetes.errors import ClusterRefused
from brb_shared.reconcile import TerminalError, TransientError

log = structlog.get_logger()

Document = dict[str, Any]


async def ensure_addons(scope: ClusterScope, api: ClusterApi) -> StepResult:
    """Applied when something differs from what was applied last: a version, an image, the credential, a network.

    Raises TransientError, TerminalError when the cloud or its credential is gone.
    """
    digest = await _digest(scope.cluster, scope.tools)
    if digest == scope.cluster.addons_digest:
        return DONE
    log.info("Applying addons", cluster_id=scope.cluster.id)
    try:
        await api.apply([await _secret(scope), *await _render(scope.cluster, scope.tools)])
    except ClusterRefused as refused:
        message = f"The cluster refuses the network or cloud integration: {refused}"
        raise TransientError(ErrorCode.KUBERNETES_STEP_FAILED, message) from refused
    await scope.records.record_addons(digest)
    return DONE


async def render_network(cluster: Cluster, tools: Tools) -> tuple[Document, ...]:
    upstream = await tools.manifests.fetch(flannel_manifest_url(tools.settings))
    return render_flannel(upstream, tools.settings, cluster.desired.pod_cidr)


async def render_controller(cluster: Cluster, tools: Tools) -> tuple[Document, ...]:
    urls = cloud_controller_manifest_urls(tools.settings)
    upstream = [document for url in urls for document in await tools.manifests.fetch(url)]
    return render_cloud_controller(upstream, tools.settings, cluster.id)


async def _render(cluster: Cluster, tools: Tools) -> list[Document]:
    return [
        *await render_network(cluster, tools),
        *render_access(cluster.id),
        *await render_controller(cluster, tools),
    ]


async def _secret(scope: ClusterScope) -> Document:
    desired = scope.cluster.desired
    cloud = scope.tools.clouds.get(desired.cloud)
    if cloud is None:
        raise TerminalError(ErrorCode.CONFIGURATION_PROBLEM, f"The cloud {desired.cloud} is not in BRB_CLOUDS_FILE")
    try:
        credential = await scope.tools.credentials.credential(desired.credential_id)
    except CredentialGone as error:
        message = f"The cloud credential {desired.credential_id} is gone; give the cluster another one"
        raise TerminalError(ErrorCode.UNAUTHENTICATED, message) from error
    return render_cloud_config_secret(desired, cloud, credential)


async def _digest(cluster: Cluster, tools: Tools) -> str:
    """Of what is applied; the credential counts by its id, because its secret is fetched only to be applied.

    Kept, as every look at a settled cluster asks for it: what is not among the inputs stays for the life of the
    process.
    """
    desired = cluster.desired
    inputs = (
        desired.pod_cidr,
        desired.cloud,
        desired.credential_id,
        desired.network_id,
        desired.subnet_id,
        desired.floating_network_id,
    )
    known = tools.addons_digests.get(cluster.id)
    if known is None or known[0] != inputs:
        text = json.dumps([await _render(cluster, tools), inputs], sort_keys=True)
        known = tools.addons_digests[cluster.id] = (inputs, hashlib.sha256(text.encode()).hexdigest())
    return known[1]
