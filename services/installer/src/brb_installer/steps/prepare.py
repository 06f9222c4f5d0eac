"""The machine gets a container runtime and Kubernetes' programs. All machines at once: none waits for another."""

from brb_installer.addons.images import plan_early_images
from brb_installer.artifacts import plan_artifacts
from brb_installer.cluster import Step
from brb_installer.kubeadm.node_files import render_node_files
from brb_installer.scripts import Script, ScriptName
from brb_installer.settings import NodeProfile
from brb_installer.steps.addons import render_controller, render_network
from brb_installer.steps.runs import run_to_end
from brb_installer.steps.scope import DONE, MachineScope, StepResult

# Debian's and Ubuntu's names of what kubelet, kubeadm and kube-proxy call.
_COMMANDS = "mount:mount losetup:mount ip:iproute2 iptables:iptables ethtool:ethtool socat:socat conntrack:conntrack"


async def ensure_prepared(scope: MachineScope) -> StepResult:
    """Raises ArtifactUnavailable, ArtifactCorrupt, StepFailed."""
    if scope.machine.prepared or scope.machine.joined:
        return DONE
    return await run_to_end(scope, Step.PREPARE, lambda: _script(scope))


async def _script(scope: MachineScope) -> Script:
    settings, facts = scope.tools.settings, await scope.facts()
    version = scope.cluster.kubernetes_version or scope.cluster.desired.kubernetes_version
    artifacts = plan_artifacts(settings, version, scope.machine.spec.role)
    shares_kernel = facts.in_container or settings.node_profile is NodeProfile.CONTAINER
    variables = {
        "ARTIFACTS": "\n".join(artifact.line for artifact in artifacts),
        "COMMANDS": _COMMANDS,
        "IMAGES": " ".join(await _early_images(scope, version)),
        "KUBEADM_IMAGES": "yes" if scope.machine.is_control_plane else "no",
        "KUBERNETES_VERSION": f"v{version}",
        "IMAGE_REPOSITORY": settings.image_repository,
        "IN_CONTAINER": "yes" if shares_kernel else "no",
        "RESOLV_CONF": facts.resolv_conf,
    }
    return Script(ScriptName.PREPARE, variables, render_node_files(settings, version, facts))


async def _early_images(scope: MachineScope, version: str) -> tuple[str, ...]:
    addons = await render_network(scope.cluster, scope.tools)
    if scope.machine.is_control_plane:
        addons += await render_controller(scope.cluster, scope.tools)
    return plan_early_images(scope.tools.settings, version, scope.machine.spec.role, addons)
