"""The place of a watcher in the changes: `<xid>-<seq>-<time>`, so that an id says by itself whether it is too old."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from brb_shared.http import Problem


@dataclass(frozen=True, order=True)
class Position:
    """The order of changes: transaction id, then number."""

    xid: int
    seq: int


@dataclass(frozen=True)
class Cursor:
    position: Position
    at: datetime

    def encode(self) -> str:
        return f"{self.position.xid}-{self.position.seq}-{int(self.at.timestamp())}"


def decode_cursor(text: str, *, now: datetime, history: timedelta) -> Cursor:
    """Raises Problem 410 for one that is older than the history kept, or not ours."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isdigit() and len(part) < 19 for part in parts):
        raise history_gone()
    xid, seq, seconds = (int(part) for part in parts)
    if seconds > 2**33 or now - datetime.fromtimestamp(seconds, UTC) > history:
        raise history_gone()
    return Cursor(Position(xid, seq), datetime.fromtimestamp(seconds, UTC))


def history_gone() -> Problem:
    detail = "What came after this id is not kept any more; watch again without one, which begins with what is now"
    return Problem(410, "history_gone", detail, user_fixable=True)
