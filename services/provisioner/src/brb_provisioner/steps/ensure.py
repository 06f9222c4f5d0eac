"""The one way a thing is made: intention, create, record."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from brb_provisioner.ledger import Entry, Slot
from brb_provisioner.openstack.resources import Resource
from brb_provisioner.steps.observe import address_of
from brb_provisioner.steps.scope import Scope

R = TypeVar("R", bound=Resource)

log = structlog.get_logger()


async def ensure_one(scope: Scope, slot: Slot, create: Callable[[], Awaitable[R]], event: str) -> Entry:
    """The entry of exactly one thing for `slot`; `event` is told when it had to be made.

    The ledger is believed: `observe_cloud` has just made it true.
    """
    made = scope.ledger.made(slot.type, slot.key)
    if made is not None:
        return made
    async with scope.turn():
        await scope.ledger.intend(slot)
        log.info("Creating", type=slot.type, name=slot.name)
        resource = await create()
        address = address_of(resource)
        told = scope.happened(event, f"Created {slot.type.replace('_', ' ')} {slot.name or address}")
        return await scope.ledger.record(slot, resource.id, address, told)
