"""When NATS lost its state, everything that was asked for goes into the outbox again, under the same revisions."""

from brb_api_gateway.clusters import repository
from brb_api_gateway.clusters.flow import STAGES
from brb_api_gateway.clusters.world import StageName
from brb_shared.contracts.desired import Desired
from brb_shared.database import Database
from brb_shared.messaging import Outbox

_KINDS = {stage.name: stage.desired for stage in STAGES}


class Resync:
    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox

    async def __call__(self) -> None:
        async with self._database.sessions.begin() as session:
            for row in await repository.all_asked(session):
                kind = _KINDS[StageName(row.stage)]
                document = kind.model.model_validate(row.document)
                assert isinstance(document, Desired)
                await self._outbox.add(
                    session,
                    kind,
                    document,
                    cluster_id=row.cluster_id,
                    revision=row.revision,
                    generation=document.generation,
                    correlationid=row.cluster_id,
                )
