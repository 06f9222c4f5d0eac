"""`Idempotency-Key`: a POST that is repeated with its key is answered as the first one was, and makes nothing again.

The answer is kept in the change's own transaction. Writers wait for each other (`changing.py`), so of two at the same
time the second finds what the first has made.
"""

import hashlib
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request

from brb_authz.acting import Acting
from brb_authz.changing import Change
from brb_authz.errors import invalid
from brb_authz.models import IdempotencyRow
from brb_shared.contracts.bodies import Input, Output
from brb_shared.http import FieldError

View = TypeVar("View", bound=Output)


@dataclass(frozen=True)
class Attempt:
    """A user's request with the key he gave it; without a key it is like no other."""

    acting: Acting
    key: str | None
    request_hash: str

    @classmethod
    def of(cls, acting: Acting, request: Request, body: Input, key: str | None) -> "Attempt":
        """A key is for one route and one body: what is asked for is hashed together."""
        asked = f"{request.url.path}\n{body.model_dump_json()}"
        return cls(acting, key, hashlib.sha256(asked.encode()).hexdigest())

    async def find_answer(self, change: Change, view: type[View]) -> View | None:
        """The first one's; then nothing is changed. Raises Problem 422 if that asked for something else."""
        row = await change.session.get(IdempotencyRow, (self._user_id, self.key)) if self.key else None
        if row is None:
            return None
        if row.request_hash != self.request_hash:
            detail = "this key was used for another request"
            raise invalid([FieldError(pointer="Idempotency-Key", detail=detail)], "idempotency_key_reused")
        change.discard()
        self.acting.recorder.message = "Repeated with its Idempotency-Key: nothing was made"
        return view.model_validate(row.answer)

    def keep_answer(self, change: Change, answer: Output) -> None:
        if self.key:
            document = answer.model_dump(mode="json")
            row = IdempotencyRow(user_id=self._user_id, key=self.key, request_hash=self.request_hash, answer=document)
            change.session.add(row)

    @property
    def _user_id(self) -> str:
        return self.acting.actor.id
