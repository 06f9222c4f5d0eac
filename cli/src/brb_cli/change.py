"""Changing a cluster that someone else may be changing too."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from brb_cli.api import MERGE_PATCH, Api
from brb_cli.errors import Conflict
from brb_cli.models import Cluster
from brb_cli.resolve import read_cluster


def change_cluster(api: Api, cluster: Cluster, render_patch: Callable[[Cluster], dict[str, Any] | None]) -> Cluster:
    """Patch it; where it has changed since it was read, read it again and try once more. No patch: left as it is.

    Raises Conflict where it changes a second time.
    """
    try:
        return _patch(api, cluster, render_patch(cluster))
    except Conflict as error:
        if error.status != HTTPStatus.PRECONDITION_FAILED:
            raise
    fresh = read_cluster(api, cluster.metadata.id)
    return _patch(api, fresh, render_patch(fresh))


def _patch(api: Api, cluster: Cluster, patch: dict[str, Any] | None) -> Cluster:
    if not patch:
        return cluster
    headers = {"If-Match": cluster.etag}
    path = f"/v1/clusters/{cluster.metadata.id}"
    return Cluster.model_validate(api.send("PATCH", path, body=patch, headers=headers, content_type=MERGE_PATCH).body)
