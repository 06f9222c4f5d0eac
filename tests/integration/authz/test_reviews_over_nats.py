"""Access reviews over a real NATS with the logins of production: answers, refusals, outages, and who may listen."""

import asyncio
import json
from collections.abc import AsyncIterator

import nats.errors
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from brb_authz.models import AuditOutboxRow
from brb_authz.settings import Settings
from brb_shared.calls import ask
from brb_shared.contracts.access_api.reviews import ActorInput, PlaceInput, Review, ReviewAnswers, ReviewCall
from brb_shared.contracts.registry import ACCESS_REVIEWS, Service
from brb_shared.http import Problem
from brb_shared.messaging import Broker
from brb_shared.messaging.broker import BrokerUnavailable
from brb_shared.testing.servers import NatsServer
from fakes.authz import People, client_of, running_authz
from fakes.gateway import Services

CLUSTER = "c-0000000001"
GET = Review(verb="get", resource="clusters", name=CLUSTER, place=PlaceInput(cluster_id=CLUSTER))
OWNER, STRANGER = ActorInput(id="u-owner"), ActorInput(id="u-stranger")


@pytest.fixture
def settings(settings: Settings, nats_with_logins: NatsServer) -> Settings:
    return settings.model_copy(update={"nats_url": nats_with_logins.url})


class Asking:
    """A service with its NATS login, whose questions may wait for authz to listen."""

    def __init__(self, broker: Broker, services: Services) -> None:
        self.broker = broker
        self._services = services

    async def __call__(
        self,
        *reviews: Review,
        actor: ActorInput | None = None,
        user: str | None = None,
        min_revision: int = 0,
        explain: bool = False,
        signed_by: Service = Service.INSTALLER,
    ) -> ReviewAnswers:
        call = ReviewCall(reviews=reviews, actor=actor, min_revision=min_revision, explain=explain)
        return await ask(self.broker, self._services.keys[signed_by], ACCESS_REVIEWS, call, user=user)

    async def listened_to(self) -> None:
        """Returns when somebody answers."""
        async with asyncio.timeout(30):
            while True:
                try:
                    await self(GET, actor=OWNER)
                except BrokerUnavailable:
                    await asyncio.sleep(0.02)
                else:
                    return


@pytest.fixture
async def asking(people: People, nats_with_logins: NatsServer, services: Services) -> AsyncIterator[Asking]:
    await people.cluster(CLUSTER, "u-owner")
    broker = await services.connect(nats_with_logins, Service.INSTALLER)
    asking = Asking(broker, services)
    await asking.listened_to()
    yield asking
    await broker.close()


async def denials(app: FastAPI) -> list[tuple[str, str, str]]:
    """Decision, subject and user of what was told to the audit log and is no HTTP request."""
    async with app.state.database.sessions() as session:
        entries = [json.loads(row.body)["data"] for row in await session.scalars(select(AuditOutboxRow))]
    return [(e["decision"], e["request_uri"], e["user"]["id"]) for e in entries if e["method"] == "CALL"]


async def test_the_answers_are_those_of_http(asking: Asking, people: People) -> None:
    reviews = (GET, GET.model_copy(update={"verb": "delete"}), GET.model_copy(update={"actor": STRANGER}))
    answers = await asking(*reviews, actor=OWNER, explain=True)
    body = {"actor": OWNER.model_dump(), "reviews": [review.model_dump(exclude_unset=True) for review in reviews]}
    http = await people.gateway.post("/internal/v1/access-reviews?explain=true", body)
    assert answers.model_dump(mode="json") == http.json()
    assert [answer.allowed for answer in answers.reviews] == [True, True, False]


async def test_a_service_that_acts_for_a_user_asks_about_him(asking: Asking) -> None:
    answers = await asking(GET, user="u-owner")
    assert answers.reviews[0].allowed


async def test_a_user_does_not_learn_what_others_may_do_and_the_refusal_is_recorded(
    asking: Asking, app: FastAPI
) -> None:
    with pytest.raises(Problem) as refused:
        await asking(GET, actor=OWNER, user="u-stranger")
    assert (refused.value.document.status, refused.value.document.code) == (403, "not_allowed")
    assert await denials(app) == [("deny", ACCESS_REVIEWS.subject, "u-stranger")]


async def test_a_token_that_no_service_signed_is_refused_and_recorded(asking: Asking, app: FastAPI) -> None:
    answer = await asking.broker.request(ACCESS_REVIEWS.subject, b"{}", {"Authorization": "Bearer x.y.z"}, 10)
    assert (answer.headers or {})["Nats-Service-Error-Code"] == "401"
    assert json.loads(answer.data)["code"] == "invalid_service_token"
    assert await denials(app) == [("deny", ACCESS_REVIEWS.subject, "")]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"reviews": []}', b'{"reviews": [{"verb": ""}]}', b"\xff"])
async def test_a_question_that_cannot_be_read_is_told_what_is_wrong(
    asking: Asking, services: Services, body: bytes
) -> None:
    headers = services.keys[Service.INSTALLER].headers(Service.AUTHZ)
    answer = await asking.broker.request(ACCESS_REVIEWS.subject, body, headers, 10)
    document = json.loads(answer.data)
    assert ((answer.headers or {})["Nats-Service-Error-Code"], document["code"]) == ("422", "invalid_request")
    assert document["errors"][0]["pointer"].startswith("/")


async def test_own_writes_are_seen_and_an_invented_revision_is_not_waited_for_long(
    asking: Asking, people: People
) -> None:
    made = await people.bind("user:u-stranger", "cluster-member", cluster_id=CLUSTER)
    answers = await asking(GET, actor=STRANGER, min_revision=made["revision"])
    assert answers.reviews[0].allowed
    with pytest.raises(Problem) as refused:
        await asking(GET, actor=STRANGER, min_revision=10_000)
    assert refused.value.document.code == "revision_not_reached"


async def test_an_answer_that_nats_does_not_carry_is_refused_with_what_to_do(asking: Asking) -> None:
    with pytest.raises(Problem) as refused:
        await asking(*[GET] * 1000, actor=OWNER, explain=True)
    assert (refused.value.document.status, refused.value.document.code) == (413, "too_large")
    assert len((await asking(*[GET] * 1000, actor=OWNER)).reviews) == 1000


async def test_one_that_waits_keeps_nobody_else_waiting(asking: Asking) -> None:
    waiting = asyncio.create_task(asking(GET, actor=OWNER, min_revision=10_000))
    await asyncio.sleep(0)
    for _ in range(5):
        assert (await asking(GET, actor=OWNER)).reviews[0].allowed
    assert not waiting.done()
    with pytest.raises(Problem):
        await waiting


async def test_two_replicas_share_the_questions_and_one_that_stops_leaves_none_unanswered(
    asking: Asking, settings: Settings, people: People
) -> None:
    async with running_authz(settings) as second, client_of(second):
        answers = await asyncio.gather(*(asking(GET, actor=OWNER) for _ in range(50)))
        under_way = [asyncio.create_task(asking(GET, actor=OWNER)) for _ in range(50)]
        await asyncio.sleep(0)
    answers += await asyncio.gather(*under_way)
    assert all(answer.reviews[0].allowed for answer in answers)
    assert (await asking(GET, actor=OWNER)).reviews[0].allowed


async def test_after_nats_was_away_it_is_answered_again(asking: Asking, nats_with_logins: NatsServer) -> None:
    nats_with_logins.kill()
    with pytest.raises(BrokerUnavailable):
        await asking(GET, actor=OWNER)
    nats_with_logins.start()
    await asking.listened_to()


async def test_nobody_listens_to_questions_or_answers_them_but_authz(
    asking: Asking, nats_with_logins: NatsServer, services: Services
) -> None:
    """The server does not deliver to a subscription that it refused, and drops an answer that may not be sent."""
    spy = await services.connect(nats_with_logins, Service.DNS)
    heard = await spy.subscribe(ACCESS_REVIEWS.subject)
    inboxes = await spy.subscribe("_INBOX_installer.>")
    await asking(GET, actor=OWNER)
    await spy.send("_INBOX_installer.forged", b"yes")
    for subscription in (heard, inboxes):
        with pytest.raises((nats.errors.TimeoutError, nats.errors.Error)):
            await subscription.next_msg(timeout=0.5)
    await spy.close()
