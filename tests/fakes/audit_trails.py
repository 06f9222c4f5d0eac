"""Audit trails that keep their entries in memory, or cannot keep any."""

from typing import Any

from fastapi import Request

from brb_shared.contracts.audit import AuditEntry
from brb_shared.contracts.registry import Service
from brb_shared.http.audit import AuditTrail, Recorder


class RememberingTrail(AuditTrail):
    def __init__(self) -> None:
        self._service = Service.API_GATEWAY
        self.entries: list[AuditEntry] = []

    async def write(self, request: Request, recorder: Recorder, status: int) -> None:
        self.entries.append(self.entry(request, recorder, status))


class FullDiskTrail(RememberingTrail):
    async def write(self, request: Request, recorder: Recorder, status: int) -> None:
        raise OSError("no space left on device")


class RollingBackTrail(RememberingTrail):
    """Its `keep` goes into a transaction that is then rolled back."""

    async def keep(self, session: Any, request: Request, status: int) -> None:
        request.state.audit.kept_with = status
