"""Kind `access`: who may do what, as it changes. Written by authz; every service that decides follows it.

The whole is `GET /internal/v1/snapshot` of authz, a `brb_shared.access.model.World`.
"""

from brb_shared.access.deltas import Delta
from brb_shared.contracts.changes import Revised


class AccessChanged(Revised):
    delta: Delta
