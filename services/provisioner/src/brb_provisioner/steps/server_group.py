"""Control planes apart: a server group with soft anti-affinity."""

from brb_provisioner.ledger import Slot
from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.ensure import ensure_one
from brb_provisioner.steps.results import DONE, StepResult
from brb_provisioner.steps.scope import Scope


async def ensure_server_group(scope: Scope) -> StepResult:
    """Found by its name, which holds the cluster's id: Nova keeps neither mark nor tags on it."""
    name = scope.names.server_group
    slot = Slot(ResourceType.SERVER_GROUP, "main", name)
    await ensure_one(scope, slot, lambda: scope.cloud.create_server_group(name), "ServerGroupCreated")
    return DONE
