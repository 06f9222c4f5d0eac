"""The handler of the services' audit kinds: put the entry at the end of the chain."""

import structlog

from brb_authz.audit import repository
from brb_shared.contracts.audit import AuditEntry
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import Service
from brb_shared.database import Database

log = structlog.get_logger()


class AuditMessages:
    """Of one service. NATS lets only that service write its kind, so the kind says whose an entry is, not the entry."""

    def __init__(self, database: Database, service: Service) -> None:
        self._database = database
        self._service = service

    async def on_audit(self, envelope: Envelope[AuditEntry]) -> None:
        entry = envelope.data.model_copy(update={"service": self._service.value})
        async with self._database.sessions.begin() as session:
            appended = await repository.append(session, entry)
        log.info("Audit entry", audit_id=entry.audit_id, service=self._service, appended=appended)
