"""The boundary of what is visible: a Keystone project of a cloud, until the platform has projects of its own."""

from brb_shared.contracts.base import Contract
from brb_shared.contracts.ids import CloudId, ProjectId


class Tenant(Contract):
    """Also a claim of the tokens by which a service acts for a user."""

    cloud: CloudId
    project_id: ProjectId
