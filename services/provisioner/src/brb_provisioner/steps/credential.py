"""May the platform work in the cluster's project?"""

from brb_provisioner.errors import misconfigured
from brb_provisioner.ledger import Changes
from brb_provisioner.steps.results import DONE, StepResult
from brb_provisioner.steps.scope import Scope


async def ensure_credential(scope: Scope) -> StepResult:
    """The credential authenticates and belongs to the project that the cluster stands in; remember whose it is."""
    identity = await scope.cloud.authenticate()
    stands_in = scope.stored.access.project_id if scope.stored.access else scope.access.project_id
    if identity.project_id != stands_in:
        raise misconfigured(
            f"The credential is of project {identity.project_id}, but the cluster stands in project {stands_in}. "
            "Give the cluster a credential of that project, then retry."
        )
    if scope.stored.access != scope.access:
        await scope.ledger.write(Changes(access=scope.access))
    return DONE
