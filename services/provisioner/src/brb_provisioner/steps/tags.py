"""Neutron tags, for people and their tools: `openstack network list --tags brb:cluster=…`.

The platform itself goes by the mark in the description, which the create writes. A tag takes a second request, and
nobody waits for it: what a look finds without one is tagged then, and what is made has a second look soon.
"""

from brb_provisioner.errors import ResourceGone
from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.results import DONE, StepResult, together
from brb_provisioner.steps.scope import Scope

T = ResourceType

_TAGGED = (T.NETWORK, T.SUBNET, T.ROUTER, T.SECURITY_GROUP, T.PORT, T.FLOATING_IP)


async def ensure_tags(scope: Scope) -> StepResult:
    await together(_ensure_tags(scope, type_) for type_ in _TAGGED)
    return DONE


async def _ensure_tags(scope: Scope, type_: ResourceType) -> None:
    ours = {entry.resource_id for entry in scope.ledger.of_type(type_) if scope.ledger.made(type_, entry.slot.key)}
    for found in await scope.seen.of(type_):
        if found.id in ours and scope.names.mark not in found.tags:
            await _add_tag(scope, type_, found.id)


async def _add_tag(scope: Scope, type_: ResourceType, resource_id: str) -> None:
    try:
        await scope.cloud.add_tag(type_, resource_id, scope.names.mark)
    except ResourceGone:
        return  # gone since the look: the next one sees it
