"""Pod network, cloud integration and the owners' access, applied to the cluster's API right after init."""

import hashlib
import json
from typing import Any

import structlog

from brb_installer.addons.access import render_access
from brb_installer.addons.cloud_controller import render_cloud_config_secret, render_cloud_controller
from brb_installer.addons.flannel import render_flannel
from brb_installer.artifacts import cloud_controller_manifest_urls, flannel_manifest_url
from brb_installer.errors import ClusterRefused
from brb_installer.kubernetes.cluster_api import ClusterApi
from brb_installer.steps.scope import DONE, ClusterScope, StepResult
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.hub import CredentialGone
from brb_shared.reconcile import TerminalError, TransientError

log = structlog.get_logger()

Document = dict[str, Any]
_PENDING_SECRET: Document = {}


async def ensure_addons(scope: ClusterScope, api: ClusterApi) -> StepResult:
    """Applied when something differs from what was applied last: a version, an image, the credential, a network.

    Raises TransientError, TerminalError when the cloud or its credential is gone.
    """
    network, controller = await _render_network(scope), await _render_controller(scope, _PENDING_SECRET)
    digest = _digest([*network, *controller], scope.cluster.desired.credential_id)
    if digest == scope.cluster.addons_digest:
        return DONE
    log.info("Applying addons", cluster_id=scope.cluster.id)
    try:
        await api.apply(network)
        await api.apply(await _render_controller(scope, await _secret(scope)))
    except ClusterRefused as refused:
        raise TransientError(
            ErrorCode.KUBERNETES_STEP_FAILED, f"The cluster refuses the network or cloud integration: {refused}"
        ) from refused
    await scope.records.record_addons(digest)
    return DONE


async def _render_network(scope: ClusterScope) -> tuple[Document, ...]:
    settings, manifests = scope.tools.settings, scope.tools.manifests
    flannel = await manifests.fetch(flannel_manifest_url(settings))
    return (
        *render_flannel(flannel, settings, scope.cluster.desired.pod_cidr),
        render_access(scope.cluster.id),
    )


async def _render_controller(scope: ClusterScope, secret: Document) -> tuple[Document, ...]:
    settings, manifests = scope.tools.settings, scope.tools.manifests
    upstream = [document for url in cloud_controller_manifest_urls(settings) for document in await manifests.fetch(url)]
    return render_cloud_controller(upstream, settings, scope.cluster.desired, secret)


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


def _digest(documents: list[Document], credential_id: str) -> str:
    """Of what is applied; the credential counts by its id, because its secret is fetched only to be applied."""
    text = json.dumps([documents, credential_id], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
