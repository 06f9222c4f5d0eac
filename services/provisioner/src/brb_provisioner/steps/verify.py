"""The end of a delete: a last listing, which must be empty. The hub takes the credential away after it."""

from collections.abc import Awaitable, Sequence

from brb_provisioner.errors import CleanupBlocked
from brb_provisioner.openstack.resources import Resource, ResourceType
from brb_provisioner.steps.results import DONE, StepResult, Waiting, together
from brb_provisioner.steps.scope import Scope
from brb_provisioner.steps.seen import MARKED_TYPES
from brb_shared.contracts.infrastructure import ResourceRef

T = ResourceType

CLUSTER_MADE_TYPES = (T.LOAD_BALANCER, T.VOLUME_SNAPSHOT, T.VOLUME, T.FLOATING_IP, T.SECURITY_GROUP)


async def verify_nothing_left(scope: Scope) -> StepResult:
    """Every list once more, fresh. What is ours goes round again; what only carries the mark is named."""
    scope.seen.forget()
    marked = await together(_refs(type_, scope.seen.of(type_)) for type_ in MARKED_TYPES)
    made = await together(_refs(type_, scope.seen.made_by_cluster(type_)) for type_ in CLUSTER_MADE_TYPES)
    ours = [ref for refs in marked for ref in refs]
    scope.remaining = (*ours, *(ref for refs in made for ref in refs))
    if not scope.remaining:
        return DONE
    foreign = [ref for ref in ours if not scope.ledger.claims(T(ref.type), ref.id, ref.name)]
    if foreign:
        raise _left_over(foreign, scope.remaining)
    message = f"{len(scope.remaining)} things are still there"
    return Waiting(scope.poll_interval, "Removing", message, afresh=True)


async def _refs(type_: ResourceType, listing: Awaitable[Sequence[Resource]]) -> list[ResourceRef]:
    return [ResourceRef(type=type_, id=thing.id, name=thing.name) for thing in await listing]


def _left_over(foreign: list[ResourceRef], remaining: tuple[ResourceRef, ...]) -> CleanupBlocked:
    named = ", ".join(f"{ref.type} {ref.name} ({ref.id})" for ref in foreign[:10])
    return CleanupBlocked(
        f"Marked as the cluster's, but this platform has no record of making it: {named}. "
        "Remove it, or take its mark away; then the delete ends by itself, or by retry.",
        remaining,
    )
