"""Control planes join one at a time, workers all at once; each with a token of its own that lives for minutes."""

from datetime import timedelta

from brb_installer.cluster import Step
from brb_installer.errors import MachineUnreachable
from brb_installer.kubeadm.configuration import (
    DISCOVERY_FILE,
    JOIN_FILE,
    JoinCredentials,
    render_discovery,
    render_join,
)
from brb_installer.kubernetes.tokens import new_certificate_key, new_token
from brb_installer.scripts import Script, ScriptName
from brb_installer.ssh.node import Node
from brb_installer.steps.etcd import remove_stale_members
from brb_installer.steps.runs import run_to_end
from brb_installer.steps.scope import DONE, MachineScope, StepResult
from brb_shared.reconcile import Again

_TOKEN_LIFE = timedelta(minutes=15)
_TURN_WAIT = timedelta(seconds=30)


async def ensure_joined(scope: MachineScope) -> StepResult:
    """Raises StepFailed. A half-done join is cleared by the script and tried again."""
    if scope.machine.joined:
        return DONE
    if scope.machine.is_control_plane and not await scope.records.claim_turn(scope.machine):
        return Again(_TURN_WAIT, "WaitingForOtherControlPlane")
    return await run_to_end(scope, Step.JOIN, lambda: _script(scope))


async def _script(scope: MachineScope) -> Script:
    """Called only when the join has to be started: what an earlier server of this name left behind goes first."""
    await _remove_stale_identity(scope)
    credentials = await _make_credentials(scope)
    facts = await scope.facts()
    desired = scope.cluster.desired
    files = {
        JOIN_FILE: render_join(desired, scope.machine.spec, facts, scope.tools.settings, credentials),
        DISCOVERY_FILE: render_discovery(desired, credentials),
    }
    return Script(ScriptName.JOIN, {"CLUSTER_ID": scope.cluster.id}, files)


async def _remove_stale_identity(scope: MachineScope) -> None:
    """The Node object of another server under this name, and the etcd member it was."""
    api = scope.tools.api(scope.cluster)
    if scope.machine.is_control_plane:
        await remove_stale_members(await _require_helper(scope), scope.machine)
    for node in await api.nodes():
        if node.name == scope.machine.name and node.server_id != scope.machine.server_id:
            await api.delete_node(node.name, node.uid)


async def _make_credentials(scope: MachineScope) -> JoinCredentials:
    access = scope.tools.admin_access(scope.cluster)
    token = new_token()
    await scope.tools.api(scope.cluster).create_bootstrap_token(token, scope.tools.now() + _TOKEN_LIFE)
    certificate_key = await _upload_certificates(scope) if scope.machine.is_control_plane else None
    return JoinCredentials(token, access.ca_certificate, certificate_key)


async def _upload_certificates(scope: MachineScope) -> str:
    key = new_certificate_key()
    version = scope.cluster.kubernetes_version or scope.cluster.desired.kubernetes_version
    variables = {"CERTIFICATE_KEY": key, "KUBERNETES_VERSION": f"v{version}"}
    helper = await _require_helper(scope)
    await helper.ask(Script(ScriptName.UPLOAD_CERTIFICATES, variables))
    return key


async def _require_helper(scope: MachineScope) -> Node:
    helper = await scope.helper()
    if helper is None:
        raise MachineUnreachable(scope.machine.name, "no other control plane works that could let it join")
    return helper
