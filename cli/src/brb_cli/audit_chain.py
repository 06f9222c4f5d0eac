"""Verifies an audit log by itself: every hash is computed anew here, nothing is taken from the platform's word.

    hash(n) = sha256( hash(n-1) ‖ canonical JSON of {"entry": …, "seq": n} ),   hash(0) = 32 zero bytes

Canonical: UTF-8, keys sorted, no blanks. After retention the first entry follows an anchor instead of nothing.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

GENESIS = "00" * 32


@dataclass(frozen=True)
class Fault:
    seq: int
    what: str


@dataclass
class ChainCheck:
    """Give it the head, then each record, oldest first; `finish` says what is wrong."""

    head: dict[str, Any]
    entries: int = 0
    faults: list[Fault] = field(default_factory=list)
    _seq: int = 0
    _hash: str = GENESIS

    def __post_init__(self) -> None:
        anchor = self.head.get("anchor")
        if anchor is not None:
            self._seq, self._hash = anchor["seq"], anchor["hash"]

    def add(self, record: dict[str, Any]) -> None:
        seq, previous, given = record["seq"], record["previous_hash"], record["hash"]
        if seq != self._seq + 1:
            self.faults.append(Fault(seq, self._order_fault(seq)))
        if previous != self._hash:
            self.faults.append(Fault(seq, "does not follow the entry before it"))
        if chain_hash(previous, seq, record["entry"]) != given:
            self.faults.append(Fault(seq, "its content is not what was recorded"))
        self.entries += 1
        self._seq, self._hash = seq, given

    def finish(self) -> list[Fault]:
        """Compares the end with the head: entries that came after the head was read are no fault."""
        head_seq, head_hash = self.head["seq"], self.head["hash"]
        if self._seq < head_seq:
            self.faults.append(Fault(head_seq, f"the log ends at {self._seq}: the last entries are missing"))
        elif self._seq == head_seq and self._hash != head_hash:
            self.faults.append(Fault(head_seq, "is not the last entry that was recorded"))
        return self.faults

    def _order_fault(self, seq: int) -> str:
        missing = seq - self._seq - 1
        return f"{missing} entries before it are missing" if missing > 0 else f"stands after {self._seq}: out of order"


def chain_hash(previous: str, seq: int, entry: Any) -> str:
    document = json.dumps({"entry": entry, "seq": seq}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes.fromhex(previous) + document.encode()).hexdigest()


def check_lines(lines: Iterable[str]) -> ChainCheck:
    """An export: a line with the head, then the records. Raises ValueError if it is none."""
    documents = (json.loads(line) for line in lines if line.strip())
    first = next(documents, None)
    if not isinstance(first, dict) or "head" not in first:
        raise ValueError("this is no export of the audit log: its first line has no head")
    check = ChainCheck(first["head"])
    for record in documents:
        check.add(record)
    return check
