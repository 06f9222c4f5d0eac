"""The end of a delete: a last listing, which must be empty, and the cluster's credential, which goes last."""

from collections.abc import Awaitable, Sequence

import structlog

from brb_provisioner.errors import CleanupBlocked, ResourceGone
from brb_provisioner.ledger import Changes, Entry, EntryState, Slot
from brb_provisioner.openstack.resources import Resource, ResourceType
from brb_provisioner.steps.results import DONE, StepResult, Waiting, together
from brb_provisioner.steps.scope import Scope
from brb_provisioner.steps.seen import MARKED_TYPES
from brb_shared.contracts.infrastructure import ResourceRef

T = ResourceType

log = structlog.get_logger()

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


async def remove_credential(scope: Scope) -> StepResult:
    """The cluster's own application credential, through the operator: a restricted one cannot remove itself.

    One that was not made for this cluster alone (another name) is the user's and stays.
    """
    access = scope.access
    if access.name != scope.names.credential:
        return DONE
    slot = Slot(T.APPLICATION_CREDENTIAL, "main", access.name)
    operator = await scope.equipment.clouds.operator_access(scope.desired.cloud, access.project_id)
    if operator is None:
        scope.kept_note = (
            f"Application credential {access.name} is left: its owner removes it with "
            f"`openstack application credential delete {access.application_credential_id}`."
        )
        kept = Entry(slot, EntryState.KEPT, access.application_credential_id)
        await scope.ledger.write(Changes(entries=(kept,)))
        return DONE
    await scope.ledger.write(Changes(entries=(Entry(slot, EntryState.REMOVING, access.application_credential_id),)))
    log.info("Removing application credential", name=access.name)
    try:
        await operator.delete_application_credential(access.user_id, access.application_credential_id)
    except ResourceGone:
        log.info("The application credential is gone already")
    await scope.ledger.write(Changes(entries=(Entry(slot, EntryState.REMOVED, access.application_credential_id),)))
    return DONE
