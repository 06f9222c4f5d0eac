"""Deciding at the edge: the decision, what the audit log says of it, and the problem that a refusal becomes."""

from brb_shared.access.decisions import Decision, decide
from brb_shared.access.explain import explain
from brb_shared.access.index import Index
from brb_shared.access.model import Request
from brb_shared.contracts.audit import AuditTarget, Verdict
from brb_shared.http.audit import Recorder
from brb_shared.http.problems import Problem

_READS = frozenset({"get", "list", "watch"})


def decide_and_record(index: Index, asked: Request, recorder: Recorder) -> Decision:
    """By which rule something is allowed is looked up for changes only: reads leave no entry."""
    decision = decide(index, asked)
    recorder.target = target_of(asked)
    recorder.access_revision = decision.revision
    recorder.decision = Verdict.ALLOW if decision.allowed else Verdict.DENY
    recorder.rule = decision.reason
    if decision.allowed and asked.verb not in _READS:
        recorder.rule = explain(index, asked).text
    return decision


def target_of(asked: Request) -> AuditTarget:
    place = asked.place
    return AuditTarget(
        verb=asked.verb,
        resource=f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource or asked.path,
        id=asked.name,
        cluster_id=place.cluster_id,
        project_id=place.project_id,
        namespace=place.namespace,
    )


def denied(decision: Decision, what: str) -> Problem:
    """404 for what the asker does not see, 403 with the reason for what he sees and may not do."""
    if decision.visible:
        return Problem(403, "not_allowed", decision.reason, user_fixable=True)
    return Problem(404, "not_found", f"There is no such {what}, or you may not see it", user_fixable=True)
