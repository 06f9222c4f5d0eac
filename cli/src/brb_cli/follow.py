"""What becomes of a cluster, as it happens: server-sent events, gone on with where they were cut; else by asking.

`Follower.changes` never ends by itself, but after `Gone`. It yields often enough (a `Tick` at each ping) for the reader
to look at the time.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import httpx

from brb_cli.api import Api
from brb_cli.errors import CliError, NotFound
from brb_cli.models import Cluster, Event
from brb_cli.resolve import read_cluster
from brb_cli.sse import Message, parse_lines

PING_SECONDS = 15
POLL_SECONDS = 2.0
_STREAM_FAILURES = 3
_FIRST_EVENTS = 10
_POLLS_BEFORE_LISTENING = 10
_STALE_SECONDS = 30.0


@dataclass(frozen=True)
class ClusterSeen:
    cluster: Cluster
    kind: str = "MODIFIED"


@dataclass(frozen=True)
class Happened:
    event: Event


@dataclass(frozen=True)
class Disturbed:
    """The platform does not answer; we go on trying."""

    reason: str


@dataclass(frozen=True)
class Gone:
    """The cluster is no more."""


@dataclass(frozen=True)
class Tick:
    """Nothing new."""


Change = ClusterSeen | Happened | Disturbed | Gone | Tick


class Follower:
    def __init__(self, api: Api, cluster_id: str, deadline: float | None = None) -> None:
        """`deadline`: of the API's clock; close to it we ask instead of listening, to keep to it."""
        self._api = api
        self._path = f"/v1/clusters/{cluster_id}"
        self._cluster_id = cluster_id
        self._deadline = deadline
        self._last_id: str | None = None
        self._failures = 0
        self._polls = 0
        self._seen_at = api.clock.now()
        self._told: set[str] = set()
        self._told_at: datetime | None = None
        self._events_token: str | None = None

    def changes(self) -> Iterator[Change]:
        while True:
            for change in self._changes_or_trouble():
                if self._is_new(change):
                    yield change
                if isinstance(change, Gone):
                    return

    def _changes_or_trouble(self) -> Iterator[Change]:
        try:
            yield from self._poll() if self._must_poll() else self._listen()
        except NotFound:
            yield from self._gone_or_not_watchable()
        except (httpx.TransportError, CliError) as error:
            yield from self._survive(error)

    def _must_poll(self) -> bool:
        left = None if self._deadline is None else self._deadline - self._api.clock.now()
        return self._failures >= _STREAM_FAILURES or (left is not None and left <= PING_SECONDS)

    def _is_new(self, change: Change) -> bool:
        if not isinstance(change, Happened):
            return True
        if change.event.id in self._told:
            return False
        self._told.add(change.event.id)
        self._told_at = change.event.at
        return True

    def _listen(self) -> Iterator[Change]:
        self._failures += 1  # taken back at the first sign of life: a proxy may hold a stream back for ever
        with self._api.stream(f"{self._path}/watch", self._last_id, PING_SECONDS * 2) as lines:
            for message in parse_lines(lines):
                self._failures = 0
                if message is not None:
                    self._last_id = message.id or self._last_id
                yield from self._fresh(changes_of(message) if message is not None else iter((Tick(),)))
                if self._must_poll():
                    return
        yield from self._after_end()

    def _fresh(self, changes: Iterator[Change]) -> Iterator[Change]:
        """After half a minute with no word of the cluster, ask: no missed event may make us wait for ever."""
        for change in changes:
            yield change
            if isinstance(change, ClusterSeen):
                self._seen_at = self._api.clock.now()
        if self._api.clock.now() - self._seen_at >= _STALE_SECONDS:
            self._seen_at = self._api.clock.now()
            yield ClusterSeen(read_cluster(self._api, self._cluster_id))

    def _after_end(self) -> Iterator[Change]:
        """The stream ended: look whether the cluster did too, and wait a little before listening again."""
        yield ClusterSeen(read_cluster(self._api, self._cluster_id))
        self._api.clock.sleep(POLL_SECONDS)

    def _poll(self) -> Iterator[Change]:
        yield ClusterSeen(read_cluster(self._api, self._cluster_id))
        yield from self._new_events()
        self._api.clock.sleep(POLL_SECONDS)
        self._polls += 1
        if self._polls % _POLLS_BEFORE_LISTENING == 0:
            self._failures = 0
        yield Tick()

    def _new_events(self) -> Iterator[Change]:
        """All since the last time; at the first time what came after the stream's last, or the last few."""
        is_first = self._events_token is None
        found = self._read_events()
        if is_first and self._last_id is not None:
            found = [event for event in found if self._told_at is not None and event.at >= self._told_at]
        elif is_first:
            found = found[-_FIRST_EVENTS:]
        yield from (Happened(event) for event in found)

    def _read_events(self) -> list[Event]:
        """From the page after the last one read to the end; the last page's token is good for what comes later."""
        found: list[Event] = []
        while True:
            params = {"page_token": self._events_token} if self._events_token else {}
            page = self._api.get(f"{self._path}/events", params).body
            found += [Event.model_validate(item) for item in page["items"]]
            token = page.get("next_page_token")
            if token is None or token == self._events_token or not page["items"]:
                return found
            self._events_token = token

    def _survive(self, error: httpx.TransportError | CliError) -> Iterator[Change]:
        """Cuts and restarts of the platform are lived through; what waiting does not mend is raised."""
        if isinstance(error, CliError) and not passes(error):
            raise error
        if isinstance(error, CliError) and error.status == HTTPStatus.GONE:
            self._last_id = None
        yield Disturbed(str(error) or type(error).__name__)
        self._api.clock.sleep(min(POLL_SECONDS * 2**self._failures, 10.0))

    def _gone_or_not_watchable(self) -> Iterator[Change]:
        try:
            yield ClusterSeen(read_cluster(self._api, self._cluster_id))
            self._failures = _STREAM_FAILURES
        except NotFound:
            yield Gone()
        except CliError as error:
            yield from self._survive(error)


def passes(error: CliError) -> bool:
    passing = (HTTPStatus.GONE, HTTPStatus.TOO_MANY_REQUESTS)
    return error.code == "unreachable" or error.status in passing or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def changes_of(message: Message) -> Iterator[Change]:
    """An event that is not known is passed over: a newer platform may send more."""
    document = json.loads(message.data or "{}")
    match message.event:
        case "cluster" if document["type"] == "DELETED":
            yield ClusterSeen(Cluster.model_validate(document["object"]), "DELETED")
            yield Gone()
        case "cluster":
            yield ClusterSeen(Cluster.model_validate(document["object"]), document["type"])
        case "happened":
            yield Happened(Event.model_validate(document))
        case _:
            yield Tick()
