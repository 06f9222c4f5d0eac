"""The handler of the desired state: store it if it is newer, and wake. All work is in `reconcile.py`."""

import structlog

from brb_installer.repository import store_desired
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.kubernetes import KubernetesDesired
from brb_shared.database import Database

log = structlog.get_logger()


class Messages:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def on_kubernetes_desired(self, envelope: Envelope[KubernetesDesired]) -> None:
        async with self._database.sessions.begin() as session:
            stored = await store_desired(session, envelope)
        log.info("Desired state", revision=envelope.revision, generation=envelope.generation, stored=stored)
