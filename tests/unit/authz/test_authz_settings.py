"""The first administrators, as the settings name them."""

import pytest

from brb_authz.seed import parse_subject
from brb_shared.access.model import Subject, SubjectKind


def test_an_administrators_id_may_have_colons() -> None:
    assert parse_subject("group:keystone:research:p-1") == Subject(SubjectKind.GROUP, "keystone:research:p-1")


@pytest.mark.parametrize("text", ["alice", "user:", "robot:x", ""])
def test_what_is_no_subject_is_refused_with_the_settings_name(text: str) -> None:
    with pytest.raises(ValueError, match="BRB_PLATFORM_ADMINS"):
        parse_subject(text)
