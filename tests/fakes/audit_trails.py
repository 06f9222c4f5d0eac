"""Audit trails that keep their entries in memory, or cannot keep any."""

from typing import Any

from fastapi import Request

from brb_shared.contracts.audit import AuditEntry
from brb_shared.contracts.registry import Service
from brb_shared.http.audit import AuditTrail
from brb_shared.http.strangers import Strangers


class RememberingTrail(AuditTrail):
    def __init__(self, strangers: Strangers | None = None) -> None:
        self._service = Service.API_GATEWAY
        self._strangers = strangers or Strangers()
        self.entries: list[AuditEntry] = []

    async def add(self, entry: AuditEntry) -> None:
        self.entries.append(entry)


class FullDiskTrail(RememberingTrail):
    is_full = True

    async def add(self, entry: AuditEntry) -> None:
        if self.is_full:
            raise OSError("no space left on device")
        await super().add(entry)

    async def keep(self, session: Any, request: Request, status: int) -> None:
        raise OSError("no space left on device")


class RollingBackTrail(RememberingTrail):
    """Its `keep` goes into a transaction that is then rolled back."""

    async def keep(self, session: Any, request: Request, status: int) -> None:
        request.state.audit.kept_with = status
