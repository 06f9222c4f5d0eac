"""What comes in: the hub's desired names. Only stored; the loop does the work."""

from typing import Any

import structlog

from brb_dns.repository import Repository
from brb_shared.contracts.envelope import Envelope

log = structlog.get_logger()


class DesiredNames:
    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def on_desired(self, envelope: Envelope[Any]) -> None:
        """Upsert if newer, wake, ack. A repeated or overtaken message changes nothing."""
        newer = await self._repository.store_desired(envelope)
        log.info(
            "Desired names received",
            cluster_id=envelope.subject,
            generation=envelope.generation,
            revision=envelope.revision,
            newer=newer,
        )
