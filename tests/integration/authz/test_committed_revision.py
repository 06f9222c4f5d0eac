"""The question before each decision: shared by who asks at once, never older than the asker, whole after a loss."""

import asyncio

import asyncpg
import pytest

from brb_authz.revision import CommittedRevision
from brb_authz.settings import Settings
from fakes.authz import People

CLUSTER = "c-0000000001"


class SlowRevision(CommittedRevision):
    """PostgreSQL answers when it is let, each time with a later revision."""

    def __init__(self) -> None:
        super().__init__("postgresql+asyncpg://nobody@127.0.0.1:1/none")
        self.asked = 0
        self.let = asyncio.Event()

    async def _ask(self) -> int:
        self.asked += 1
        answer = self.asked
        await self.let.wait()
        return answer


async def test_whoever_comes_while_it_is_asked_gets_the_answer_to_the_next_asking_all_together() -> None:
    committed = SlowRevision()
    first = asyncio.create_task(committed.read())
    await asyncio.sleep(0)
    late = [asyncio.create_task(committed.read()) for _ in range(10)]
    await asyncio.sleep(0)
    committed.let.set()
    assert await first == 1
    assert set(await asyncio.gather(*late)) == {2}
    assert committed.asked == 2


async def test_an_asking_that_failed_answers_nobody_else() -> None:
    committed = CommittedRevision("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    answers = await asyncio.gather(*(committed.read() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(answer, OSError) for answer in answers)


async def test_a_lost_connection_is_made_anew(people: People, settings: Settings) -> None:
    url = settings.database_url.get_secret_value()
    committed = CommittedRevision(url)
    made = await people.cluster(CLUSTER, "u-owner")
    assert await committed.read() == made["revision"]
    await end_all_connections(url)
    async with asyncio.timeout(10):
        while True:
            try:
                assert await committed.read() == made["revision"]
                break
            except ConnectionError:
                await asyncio.sleep(0.01)
    await committed.close()


async def end_all_connections(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"
    await connection.execute(query.replace("$1", str(connection.get_server_pid())))
    await connection.close()


@pytest.mark.parametrize("at_once", [1, 50])
async def test_a_decision_is_never_older_than_the_question(people: People, at_once: int) -> None:
    await people.cluster(CLUSTER, "u-owner")
    question = {"verb": "get", "resource": "clusters", "name": CLUSTER, "place": {"cluster_id": CLUSTER}}
    for _ in range(3):
        made = await people.bind("user:u-1", "cluster-viewer", cluster_id=CLUSTER)
        for allowed in (True, False):
            asked = [people.person("u-1").post("/internal/v1/access-reviews", question) for _ in range(at_once)]
            assert {answer.json()["allowed"] for answer in await asyncio.gather(*asked)} == {allowed}
            await people.admin.delete(f"/internal/v1/role-bindings/{made['id']}")
