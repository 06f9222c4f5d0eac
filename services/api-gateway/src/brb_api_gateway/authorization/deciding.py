"""From a route's declaration to a decision.

What is in a cluster is decided there; for all else the role must hold at the platform, and the rows are found only by
the project or user that they belong to.
"""

from brb_api_gateway.authorization.authz import Decisions
from brb_api_gateway.sessions.principal import Principal
from brb_shared.access.model import Place, Request
from brb_shared.access.visibility import Visible, allowed_within, visible_clusters
from brb_shared.contracts.audit import Verdict
from brb_shared.http.audit import Recorder
from brb_shared.http.deciding import target_of

DUE_TO_ALL_INSIDE = frozenset({"clusters/kubeconfigs"})
"""Whoever has something anywhere in the cluster may have it."""


async def require(decisions: Decisions, request: Request, recorder: Recorder) -> None:
    """Raises Problem 404 for what the caller may not see, 403 with the reason for what he may not do, 503."""
    resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    if resource in DUE_TO_ALL_INSIDE and allowed_within(decisions.index, request):
        recorder.target, recorder.decision = target_of(request), Verdict.ALLOW
        return
    await decisions.require(request, "cluster" if request.place.cluster_id else resource, recorder=recorder)


def at_platform(principal: Principal, verb: str, resource: str) -> Request:
    return Request.of(principal.actor, verb, resource)


def readable_clusters(decisions: Decisions, principal: Principal) -> Visible:
    """What a list or watch of clusters shows: those that the caller sees and may get."""
    index = decisions.index
    seen = visible_clusters(index, principal.actor)
    if seen.everything:
        return seen
    readable = (id_ for id_ in seen.ids if index.check(in_cluster(principal, "get", "clusters", id_)))
    return Visible(ids=frozenset(readable))


def may_read(decisions: Decisions, principal: Principal, cluster_id: str) -> bool:
    return decisions.index.check(in_cluster(principal, "get", "clusters", cluster_id))


def in_cluster(principal: Principal, verb: str, resource: str, cluster_id: str) -> Request:
    return Request.of(principal.actor, verb, resource, name=cluster_id, place=Place(cluster_id))
