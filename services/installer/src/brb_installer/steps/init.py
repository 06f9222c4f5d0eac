"""`kubeadm init`, once in a cluster's life.

It is guarded three times: by the recorded claim of one server, by the recorded run, and by the script, which looks at
the machine. A failed init is cleared and tried again by the script, until the latch `initialized` is recorded; after
that nothing resets a control plane that was not told to leave.
"""

from datetime import timedelta

import structlog

from brb_installer.cluster import Step
from brb_installer.kubeadm.configuration import render_init
from brb_installer.kubeconfig import server_url
from brb_installer.scripts import Script, ScriptName
from brb_installer.steps.runs import run_to_end
from brb_installer.steps.scope import DONE, MachineScope, StepResult
from brb_shared.kubernetes.access import ClusterAccess, parse_kubeconfig
from brb_shared.kubernetes.errors import ClusterRefused, ClusterUnreachable
from brb_shared.reconcile import Again

log = structlog.get_logger()

_WAIT = timedelta(seconds=30)
_API_POLL = timedelta(seconds=0.5)
_API_PATIENCE = timedelta(minutes=2)


async def ensure_initialized(scope: MachineScope) -> StepResult:
    if scope.cluster.initialized:
        return DONE
    if not _is_first_control_plane(scope) or not await scope.records.claim_init(scope.machine):
        return Again(_WAIT, "WaitingForControlPlane")
    if scope.machine.init_done_at is None:
        ended = await run_to_end(scope, Step.INIT, lambda: _script(scope))
        if isinstance(ended, Again):
            return ended
    return await _record_access(scope)


async def _record_access(scope: MachineScope) -> StepResult:
    """Keep the administrator's access, once the API has answered from where the platform and its users are."""
    node = await scope.node()
    access = parse_kubeconfig(await node.ask(Script(ScriptName.KUBECONFIG)))
    desired = scope.cluster.desired
    external = ClusterAccess(
        server_url(desired.api_external_host, desired.api_port),
        access.ca_certificate,
        access.client_certificate,
        access.client_key,
    )
    try:
        version = await scope.tools.apis.of(scope.cluster.id, external).version()
    except (ClusterRefused, ClusterUnreachable) as error:
        if _waited_too_long(scope):
            raise
        log.info("API does not answer yet", cluster_id=scope.cluster.id, error=str(error))
        return Again(_API_POLL, "WaitingForApi")
    log.info("API answers", cluster_id=scope.cluster.id, version=version)
    await scope.records.record_initialized(scope.machine, scope.tools.seal(scope.cluster.id, external))
    await scope.refresh()
    return DONE


def _waited_too_long(scope: MachineScope) -> bool:
    done_at = scope.machine.init_done_at
    return done_at is not None and scope.tools.now() - done_at > _API_PATIENCE


def _is_first_control_plane(scope: MachineScope) -> bool:
    """The one that was recorded, as long as it is listed; else the first of the list that stays."""
    candidates = [machine for machine in scope.cluster.control_planes if not machine.spec.leaving]
    recorded = [machine for machine in candidates if machine.server_id == scope.cluster.init_server_id]
    return bool(candidates) and scope.machine.name == (recorded or candidates)[0].name


async def _script(scope: MachineScope) -> Script:
    facts = await scope.facts()
    config = render_init(scope.cluster.desired, scope.machine.spec, facts, scope.tools.settings)
    return Script(ScriptName.INIT, {"CLUSTER_ID": scope.cluster.id}, {"/etc/brb/init.yaml": config})
