"""Neutron tags, for people and their tools: `openstack network list --tags brb:cluster=…`.

The platform itself goes by the mark in the description, which the create writes; a tag takes a second request.
"""

from brb_provisioner.errors import ResourceGone
from brb_provisioner.ledger import Entry
from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.results import DONE, StepResult, together
from brb_provisioner.steps.scope import Scope

T = ResourceType

_TAGGED = (T.NETWORK, T.SUBNET, T.ROUTER, T.SECURITY_GROUP, T.PORT, T.FLOATING_IP)


async def ensure_tags(scope: Scope) -> StepResult:
    made = [
        entry for type_ in _TAGGED for entry in scope.ledger.of_type(type_) if scope.ledger.made(type_, entry.slot.key)
    ]
    await together(_ensure_tag(scope, entry) for entry in made)
    return DONE


async def _ensure_tag(scope: Scope, entry: Entry) -> None:
    tag = scope.names.mark
    seen = next((found for found in await scope.seen.of(entry.slot.type) if found.id == entry.id), None)
    if seen is not None and tag in seen.tags:
        return
    try:
        await scope.cloud.add_tag(entry.slot.type, entry.id, tag)
    except ResourceGone:
        return  # gone since the look: the next one sees it
