"""Audit entries for tests, and an export as the command line reads it."""

import json
from typing import Any

from brb_authz.audit.chain import GENESIS, chain_hash
from brb_shared.contracts.audit import AuditEntry, AuditTarget, AuditUser, Verdict, audit_time


def entry(number: int, *, user: str = "u-1", cluster_id: str = "c-1", decision: Verdict = Verdict.ALLOW) -> AuditEntry:
    return AuditEntry(
        audit_id=f"a-{number}",
        service="api-gateway",
        method="POST",
        request_uri=f"/v1/clusters/{number}",
        user=AuditUser(id=user, name="Ada Löwe", groups=("g-1",)),
        response_code=201,
        request_timestamp=audit_time(),
        response_timestamp=audit_time(),
        target=AuditTarget(verb="create", resource="clusters", cluster_id=cluster_id),
        decision=decision,
        rule="cluster-owner by rb-1",
    )


def exported(count: int) -> list[str]:
    """The lines of an export of a sound chain."""
    previous, records = GENESIS, []
    for seq in range(1, count + 1):
        document = entry(seq).document()
        hash_ = chain_hash(previous, seq, document)
        records.append({"seq": seq, "previous_hash": previous.hex(), "hash": hash_.hex(), "entry": document})
        previous = hash_
    head: dict[str, Any] = {"head": {"seq": count, "hash": previous.hex(), "anchor": None}}
    return [json.dumps(line) for line in (head, *records)]
