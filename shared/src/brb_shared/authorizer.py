"""Decisions in a service's own process: the whole access world in memory, kept current by authz's changes.

    authorizer = open_authorizer(broker, ME, client, key)         # client: httpx.AsyncClient at authz's address
    … run authorizer.run() beside the rest …
    await authorizer.require(Request.of(actor, "get", "clusters", name=id, place=Place(cluster_id=id)), "cluster")

It fails closed: when authz has not confirmed for five seconds that the world in memory is current, nobody is let in
(503) until it does. A revoked right ends as soon as the change arrives, and after five seconds at the worst.
"""

import asyncio

import httpx
from pydantic import TypeAdapter, ValidationError

from brb_shared.access.decisions import Decision, decide
from brb_shared.access.index import Index
from brb_shared.access.model import Request, World
from brb_shared.contracts.access import AccessChanged
from brb_shared.contracts.registry import ACCESS_CHANGED, Service
from brb_shared.http.audit import Recorder
from brb_shared.http.deciding import decide_and_record, denied
from brb_shared.http.problems import Problem
from brb_shared.http.service_tokens import ServiceKey
from brb_shared.messaging.broker import Broker
from brb_shared.messaging.follower import Follower

LEASE_SECONDS = 5.0
SNAPSHOT = "/internal/v1/snapshot"
_WAIT_SECONDS = 4.0  # a message that was missed is noticed by the beat, and all is loaded again: up to three seconds
_WORLD = TypeAdapter(World)


class AccessReplica:
    """The access world as `messaging.follower.Replica`."""

    def __init__(self, client: httpx.AsyncClient, key: ServiceKey) -> None:
        self._client = client
        self._key = key
        self._advanced = asyncio.Event()
        self.index = Index()

    @property
    def revision(self) -> int:
        return self.index.revision

    async def load(self) -> None:
        """Raises httpx.HTTPError; a snapshot that cannot be read is one too."""
        response = await self._client.get(SNAPSHOT, headers=self._key.headers(Service.AUTHZ))
        response.raise_for_status()
        try:
            world = _WORLD.validate_json(response.content)
        except ValidationError as error:
            raise httpx.DecodingError("authz's snapshot cannot be read", request=response.request) from error
        self.index.load(world)
        self._tell()

    def apply(self, change: AccessChanged) -> None:
        self.index.apply(change.delta)
        self._tell()

    async def reach(self, revision: int) -> None:
        """Return when the world is at `revision` or later."""
        while self.revision < revision:
            await self._advanced.wait()

    def _tell(self) -> None:
        self._advanced.set()
        self._advanced = asyncio.Event()


class Authorizer:
    def __init__(self, follower: Follower, replica: AccessReplica, lease_seconds: float = LEASE_SECONDS) -> None:
        self._follower = follower
        self._replica = replica
        self._lease_seconds = lease_seconds

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._follower.run()

    @property
    def is_current(self) -> bool:
        """For readiness: without it every decision is 503."""
        age = asyncio.get_running_loop().time() - self._follower.confirmed_at
        return self._replica.revision > 0 and age <= self._lease_seconds

    @property
    def index(self) -> Index:
        """To look at many things at once, such as what a list shows. Raises Problem 503 if it is not current."""
        if not self.is_current:
            raise access_unknown()
        return self._replica.index

    async def check(self, request: Request, *, min_revision: int = 0) -> Decision:
        """`min_revision`: what a write has answered with, so that its effect is seen. Raises Problem 503."""
        if self._replica.revision < min_revision:
            await self._reach(min_revision)
        return decide(self.index, request)

    async def require(
        self, request: Request, what: str, *, min_revision: int = 0, recorder: Recorder | None = None
    ) -> Decision:
        """The decision, if it allows. Raises Problem 404 for the invisible, 403 with the reason for the visible.

        `recorder`: of the HTTP request that this decides, so that the audit log says by which rule.
        """
        decision = await self.check(request, min_revision=min_revision)
        if recorder is not None:
            decision = decide_and_record(self.index, request, recorder)
        if not decision.allowed:
            raise denied(decision, what)
        return decision

    async def _reach(self, revision: int) -> None:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._replica.reach(revision)
        except TimeoutError as error:
            detail = f"Revision {revision} of the access rules has not arrived here yet; try again"
            raise Problem(503, "revision_not_reached", detail, headers={"Retry-After": "1"}) from error


def access_unknown() -> Problem:
    detail = "Who may do what is not known for certain just now, so nobody is let in. It mends itself; try again"
    return Problem(503, "access_unknown", detail, headers={"Retry-After": "5"})


def open_authorizer(broker: Broker, reader: Service, client: httpx.AsyncClient, key: ServiceKey) -> Authorizer:
    """`client`: at authz's base URL, with a timeout. The caller runs it and closes what it gave."""
    replica = AccessReplica(client, key)
    return Authorizer(Follower(broker, ACCESS_CHANGED, reader, replica), replica)
