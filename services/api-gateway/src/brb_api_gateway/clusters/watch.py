"""Watching by server-sent events. What is sent comes from `feed.py`."""

from typing import Annotated

from fastapi import Depends, Header, Query, Request
from sse_starlette import EventSourceResponse

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.clusters.endpoints import Clusters
from brb_api_gateway.clusters.feed import Feed
from brb_shared.contracts.ids import ClusterId

router = new_router("/v1", "watch")

_STREAM = {
    200: {
        "description": (
            "Server-sent events. `event: cluster` with data `{type: ADDED|MODIFIED|DELETED, object: Cluster}`, "
            "`event: happened` with a timeline entry, `event: bookmark` with `{}`. Each carries an `id` to go on from."
        ),
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_PING_SECONDS = 15

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="Go on after this event. None: begin with all that is there now"),
]
LastEventIdQuery = Annotated[
    str | None, Query(alias="last_event_id", description="As Last-Event-ID, where headers cannot be set")
]


def _feed(request: Request) -> Feed:
    feed: Feed = request.app.state.feed
    return feed


FeedOf = Annotated[Feed, Depends(_feed)]
_clusters = declares(Verb.WATCH, Resource.CLUSTERS, 404, 410)
_DECLARED = {**_clusters, "responses": {**_clusters["responses"], **_STREAM}}


@router.get(
    "/watch/clusters", summary="Watch the clusters you may read", response_class=EventSourceResponse, **_DECLARED
)
async def watch_clusters(
    principal: SignedIn, feed: FeedOf, last_event_id: LastEventId = None, after: LastEventIdQuery = None
) -> EventSourceResponse:
    """410: what came after the given id is not kept any more; watch again without one."""
    cursor = await feed.require_cursor(last_event_id or after)
    return EventSourceResponse(feed.stream(principal, cursor, None), ping=_PING_SECONDS)


@router.get(
    "/clusters/{cluster_id}/watch", summary="Watch one cluster", response_class=EventSourceResponse, **_DECLARED
)
async def watch_cluster(
    cluster_id: ClusterId,
    principal: SignedIn,
    clusters: Clusters,
    feed: FeedOf,
    last_event_id: LastEventId = None,
    after: LastEventIdQuery = None,
) -> EventSourceResponse:
    """Ends after the event that tells of the cluster's end. 410: watch again without an id."""
    cursor = await feed.require_cursor(last_event_id or after)
    if cursor is None:
        await clusters.get(cluster_id)
    return EventSourceResponse(feed.stream(principal, cursor, cluster_id), ping=_PING_SECONDS)
