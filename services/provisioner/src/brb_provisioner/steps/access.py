"""The way in for a delete: the cluster's credential, or break-glass when it no longer works."""

import structlog

from brb_provisioner.errors import Unauthenticated
from brb_provisioner.ledger import Access, Stored
from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.steps.scope import Clouds

log = structlog.get_logger()


async def open_for_removal(clouds: Clouds, stored: Stored) -> tuple[Cloud, Access, bool]:
    """The cloud, whose credential it is or was, and whether this is the operator's access.

    Raises Unauthenticated when the credential is dead and the cloud has no operator configured.
    """
    try:
        cloud, access = await clouds.cluster_access(stored.desired)
        await cloud.authenticate()
        return cloud, access, False
    except Unauthenticated as error:
        clouds.forget(stored.desired.cluster_id)
        return await _break_glass(clouds, stored, error)


async def _break_glass(clouds: Clouds, stored: Stored, error: Unauthenticated) -> tuple[Cloud, Access, bool]:
    access = stored.access
    operator = await clouds.operator_access(stored.desired.cloud, access.project_id) if access else None
    if access is None or operator is None:
        raise error
    log.warning("Deleting with the operator's access: the cluster's credential no longer works")
    await operator.authenticate()
    return operator, access, True
