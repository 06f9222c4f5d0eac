"""The pure rules: when to renew, how long to pause, which domain a limit counts for, what an answer says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brb_dns.certificates.acme_messages import retry_after
from brb_dns.certificates.errors import AccountGone, AuthorityUnavailable, RateLimited, Refused, refusal
from brb_dns.certificates.limits import registered_domain
from brb_dns.certificates.renewal import FIRST_PAUSE, LONGEST_PAUSE, hold_for, pause_after, renewal_time
from brb_dns.certificates.settings import AcmeSettings
from brb_dns.certificates.steps.due import allowed_issuers
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import ReconcileError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
JITTERS = st.floats(0, 1, exclude_max=True)


@given(days=st.integers(1, 400), fraction=st.floats(0.2, 0.95), jitter=JITTERS)
def test_a_renewal_is_never_after_its_fraction_and_at_most_a_twentieth_before(
    days: int, fraction: float, jitter: float
) -> None:
    life = timedelta(days=days)
    at = renewal_time(NOW, NOW + life, fraction=fraction, jitter=jitter)
    second = timedelta(seconds=1)
    assert NOW + life * (fraction - 0.05) - second <= at <= NOW + life * fraction + second


@given(failures=st.integers(1, 200), jitter=JITTERS)
def test_pauses_grow_and_stay_within_bounds(failures: int, jitter: float) -> None:
    pause = pause_after(failures, jitter=jitter)
    assert FIRST_PAUSE * 0.75 <= pause <= LONGEST_PAUSE * 1.25
    assert pause_after(failures + 1, jitter=jitter) >= pause


@given(failures=st.integers(1, 50), hours=st.integers(-100, 2000), jitter=JITTERS)
def test_a_pause_leaves_room_for_more_tries_before_the_end(failures: int, hours: int, jitter: float) -> None:
    left = timedelta(hours=hours)
    pause = pause_after(failures, left=left, jitter=jitter)
    assert pause <= max(left / 4, FIRST_PAUSE * 1.25)


def test_what_the_authority_asks_for_is_waited_and_a_little_more() -> None:
    assert hold_for(3600, 1, jitter=0) == timedelta(hours=1)
    assert hold_for(3600, 1, jitter=0.9) < timedelta(hours=1.1)
    assert hold_for(None, 1, jitter=0.5) == FIRST_PAUSE


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("shop.198.51.100.7.web.example.org", "example.org"),
        ("shop.198.51.100.7.web.cloud.example.co.uk", "example.co.uk"),
        ("shop.198.51.100.7.someone.github.io", "someone.github.io"),
        ("shop.198.51.100.7.internal", "7.internal"),
    ],
)
def test_limits_count_for_the_domain_below_the_public_suffix(name: str, domain: str) -> None:
    assert registered_domain(name) == domain


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0.0),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("rateLimited", RateLimited, ErrorCode.RATE_LIMITS_EXCEEDED),
        ("badNonce", AuthorityUnavailable, ErrorCode.INFRA_UNAVAILABLE),
        ("serverInternal", AuthorityUnavailable, ErrorCode.INFRA_UNAVAILABLE),
        ("accountDoesNotExist", AccountGone, ErrorCode.INFRA_UNAVAILABLE),
        ("unauthorized", Refused, ErrorCode.DEPENDENCIES),
        ("caa", Refused, ErrorCode.CONFIGURATION_PROBLEM),
        ("rejectedIdentifier", Refused, ErrorCode.CONFIGURATION_PROBLEM),
        ("neverHeardOf", Refused, ErrorCode.INTERNAL),
    ],
)
def test_every_refusal_has_a_code_and_a_sentence(kind: str, error: type[ReconcileError], code: ErrorCode) -> None:
    found = refusal(f"urn:ietf:params:acme:error:{kind}", "because", 5)
    assert type(found) is error
    assert found.code is code
    assert kind == "accountDoesNotExist" or "because" in found.message


@pytest.mark.parametrize(
    ("records", "tags", "allowed"),
    [
        ((), ("issuewild", "issue"), None),
        ((("iodef", "mailto:x@y.test"),), ("issuewild", "issue"), None),
        ((("issue", "a.test; x=1"), ("issue", "B.test")), ("issuewild", "issue"), ("a.test", "b.test")),
        ((("issue", "a.test"), ("issuewild", ";")), ("issuewild", "issue"), ()),
        ((("issuewild", "a.test"),), ("issue",), None),
    ],
)
def test_caa_records_let_in_whom_they_name(
    records: tuple[tuple[str, str], ...], tags: tuple[str, ...], allowed: tuple[str, ...] | None
) -> None:
    assert allowed_issuers(records, tags) == allowed


def test_the_readme_names_every_setting() -> None:
    readme = (Path(__file__).parents[3] / "services" / "dns" / "README.md").read_text()
    settings = [name for name in AcmeSettings.model_fields if name.startswith("acme_")]
    assert [name for name in settings if f"`BRB_{name.upper()}`" not in readme] == []
