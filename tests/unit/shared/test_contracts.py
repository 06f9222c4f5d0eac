"""Contracts: conditions, ids, the registry of kinds."""

import re
from datetime import UTC, datetime, timedelta

from brb_shared.contracts.conditions import Condition, ConditionStatus, ConditionType, find_condition, merge_conditions
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.happened import Happened
from brb_shared.contracts.ids import ClusterId, new_cluster_id
from brb_shared.contracts.registry import CLUSTER_HAPPENED, KINDS

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


def condition(type_: ConditionType, status: ConditionStatus, at: datetime = BEFORE) -> Condition:
    return Condition(type=type_, status=status, reason="Test", last_transition_time=at)


def test_a_condition_keeps_its_transition_time_while_its_status_stays() -> None:
    old = condition(ConditionType.READY, ConditionStatus.FALSE)
    new = condition(ConditionType.READY, ConditionStatus.FALSE, BEFORE + timedelta(hours=1))
    (merged,) = merge_conditions([old], [new])
    assert merged.last_transition_time == BEFORE


def test_a_condition_takes_the_new_transition_time_when_its_status_changes() -> None:
    old = condition(ConditionType.READY, ConditionStatus.FALSE)
    new = condition(ConditionType.READY, ConditionStatus.TRUE, BEFORE + timedelta(hours=1))
    (merged,) = merge_conditions([old], [new])
    assert merged.last_transition_time == BEFORE + timedelta(hours=1)


def test_conditions_of_other_types_are_kept() -> None:
    old = condition(ConditionType.READY, ConditionStatus.FALSE)
    new = condition(ConditionType.DELETING, ConditionStatus.TRUE)
    merged = merge_conditions([old], [new])
    assert find_condition(merged, ConditionType.READY) == old
    assert find_condition(merged, ConditionType.DELETING) == new


def test_a_cluster_id_is_a_dns_label_and_a_subject_token() -> None:
    ids = {new_cluster_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"c-[0-9a-z]{10}", id_) for id_ in ids)


def test_every_kind_has_its_own_subject() -> None:
    assert len({kind.type for kind in KINDS}) == len(KINDS)


def test_an_envelope_survives_its_journey_and_a_newer_writers_fields() -> None:
    happened = Happened(cluster_id=ClusterId("c-1"), source="test", stage="cluster", reason="Ready")
    sent = Envelope[Happened](source="/brb/test", type=CLUSTER_HAPPENED.type, subject="c-1", data=happened)
    document = sent.document() | {"newer": 1}
    assert Envelope[Happened].model_validate(document) == sent
