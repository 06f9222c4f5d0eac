"""What an authority can do wrong, and what becomes of it: a condition with a code and a pause, never an end."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from brb_dns.certificates.certificate import Attempt
from brb_dns.certificates.conditions import state_of
from brb_shared.contracts.conditions import ConditionStatus, ErrorCode
from brb_shared.reconcile import Again, Settled
from fakes.acme_ca import Fault
from fakes.acme_world import CHALLENGE, World

KINDS = ("directory", "nonce", "account", "order", "authz", "challenge", "finalize", "cert")
BROKEN = {
    "a refused connection": Fault(breaks=requests.ConnectionError("refused")),
    "a timeout": Fault(breaks=requests.ReadTimeout("too slow")),
    "an error of the server": Fault(status=500),
    "a used nonce, twice": Fault("badNonce", status=400),
}


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN.keys())
async def test_a_hiccup_at_any_request_is_passed_over(world: World, kind: str, fault: Fault) -> None:
    for _ in range(2):  # the library repeats a refused nonce once by itself
        world.ca.fails_next(kind, fault)
    await world.settle()
    assert world.certificate.issued is not None
    assert world.ca.open_orders == []
    assert world.zone.values == set()


async def test_a_rate_limit_is_waited_out_whatever_is_asked_for(world: World) -> None:
    world.ca.fails_next("order", Fault("rateLimited", "too many new orders", 429, "3600"))
    began = world.clock()
    await world.run_pass()
    condition = world.condition("Ready")
    assert condition.code is ErrorCode.RATE_LIMITS_EXCEEDED
    assert "too many new orders" in condition.message
    world.clock.now = began
    world.change(asked=1)
    result = await world.run_pass()
    assert isinstance(result, Again)
    assert timedelta(hours=1) <= result.after <= timedelta(hours=1.1)
    await world.settle()
    assert world.certificate.failures == 0


async def test_the_other_certificates_only_slow_down_after_a_rate_limit(world: World) -> None:
    world.ca.fails_next("order", Fault("rateLimited", "too many", 429, "86400"))
    began = world.clock()
    await world.run_pass()
    world.clock.now = began
    world.add("crt-2", "blog.198.51.100.7.web.example.org")
    result = await world.run_pass("crt-2")
    assert isinstance(result, Again)
    assert result.after == timedelta(minutes=5)


async def test_a_date_in_retry_after_is_understood(world: World) -> None:
    at = (world.clock() + timedelta(hours=2)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    world.ca.fails_next("order", Fault("rateLimited", "later", 503, at))
    began = world.clock()
    await world.run_pass()
    assert timedelta(hours=1.9) < world.clock() - began < timedelta(hours=2.3)


async def test_a_failed_validation_ends_the_order_and_is_tried_again_after_growing_pauses(world: World) -> None:
    world.zone.is_not_delegated = True
    pauses: list[timedelta] = []
    for _ in range(5):
        before = world.clock()
        while world.certificate.failures == len(pauses):
            before = world.clock()
            await world.run_pass()
        pauses.append(world.clock() - before)
        assert world.certificate.order is None
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(minutes=1)
    condition = world.condition("Ready")
    assert condition.code is ErrorCode.DEPENDENCIES
    assert "delegated" in condition.message
    assert state_of(world.certificate, world.clock()) == "failing"
    assert world.zone.values == set()
    world.zone.is_not_delegated = False
    await world.settle()
    assert world.certificate.failures == 0


async def test_no_more_failures_in_an_hour_than_the_authority_takes(world: World) -> None:
    world.zone.is_not_delegated = True
    await world.run_for(timedelta(minutes=59))
    world.change(asked=1)
    await world.run_pass()
    failed = [at for attempt, _, _, at in world.records.attempts if attempt is Attempt.FAILED]
    assert len(failed) <= 4


async def test_an_invalid_order_is_given_up_with_the_authoritys_own_words(world: World) -> None:
    world.zone.hidden = ("192.0.2.53:53",)
    await world.run_pass()
    order = next(iter(world.ca.orders.values()))
    order.status = "invalid"
    order.authorizations[0].status = "invalid"
    order.authorizations[0].error = {"type": "urn:ietf:params:acme:error:caa", "detail": "CAA record prevents issuance"}
    await world.run_pass()
    condition = world.condition("Ready")
    assert condition.code is ErrorCode.CONFIGURATION_PROBLEM
    assert "CAA record prevents issuance" in condition.message
    assert world.certificate.order is None
    assert world.zone.look(CHALLENGE) == frozenset()


async def test_an_authority_that_lost_everything_is_registered_at_anew(world: World) -> None:
    world.zone.hidden = ("192.0.2.53:53",)
    await world.run_pass()
    world.ca.forgets_everything()
    world.zone.hidden = ()
    await world.settle()
    assert len(world.ca.accounts) == 1
    assert world.certificate.failures == 0
    assert world.zone.values == set()


async def test_a_lost_order_is_made_anew(world: World) -> None:
    world.zone.hidden = ("192.0.2.53:53",)
    await world.run_pass()
    world.ca.orders.clear()
    world.zone.hidden = ()
    await world.settle()
    assert len(world.ca.orders) == 1


async def test_an_order_that_never_ends_is_made_anew(world: World) -> None:
    world.zone.hidden = ("192.0.2.53:53",)
    await world.run_for(timedelta(minutes=59), passes=5000)
    assert world.certificate.failures == 0
    world.clock.advance(timedelta(minutes=2))
    await world.run_pass()
    assert world.certificate.failures == 1
    assert world.zone.values == set()


async def test_work_goes_on_after_the_authority_was_down_for_a_day(world: World) -> None:
    world.ca.is_down = True
    await world.run_for(timedelta(days=1))
    condition = world.condition("Ready")
    assert condition.code is ErrorCode.INFRA_UNAVAILABLE
    assert condition.status is ConditionStatus.FALSE
    world.ca.is_down = False
    await world.settle()


async def test_a_certificate_that_could_not_be_renewed_in_time_is_said_to_be_expired(world: World) -> None:
    await world.settle()
    world.ca.is_down = True
    world.clock.advance(timedelta(days=80))
    await world.run_pass()
    assert world.condition("Ready").reason == "Issued"
    assert world.condition("UpToDate").code is ErrorCode.INFRA_UNAVAILABLE
    world.clock.advance(timedelta(days=11))
    await world.run_pass()
    assert world.condition("Ready").reason == "Expired"
    assert world.condition("Ready").code is ErrorCode.INFRA_UNAVAILABLE
    world.ca.is_down = False
    await world.settle()
    assert world.condition("Ready").reason == "Issued"


async def test_a_caa_record_of_others_is_found_before_the_authority_finds_it(world: World) -> None:
    world.zone.caa_records = (("issue", "other.test"), ("iodef", "mailto:a@b.test"))
    await world.run_pass()
    condition = world.condition("Ready")
    assert condition.code is ErrorCode.CONFIGURATION_PROBLEM
    assert 'CAA 0 issuewild "ca.test"' in condition.message
    assert world.ca.orders == {}
    world.zone.caa_records = (("issue", "other.test"), ("issuewild", "CA.test; validationmethods=dns-01"))
    await world.run_pass()
    assert 'CAA 0 issue "ca.test"' in world.condition("Ready").message
    world.zone.caa_records = (("issue", "other.test"), ("issue", "ca.test"), ("issuewild", "ca.test"))
    await world.settle()


async def test_a_name_whose_address_went_away_is_not_proved(world: World) -> None:
    world.zone.is_foreign = True
    await world.run_pass()
    assert world.condition("Ready").code is ErrorCode.DEPENDENCIES
    assert world.condition("Ready").reason == "ProofBlocked"


@pytest.mark.parametrize(
    ("setting", "attempt", "what"),
    [
        ("acme_orders_per_3_hours", Attempt.ORDERED, "new orders in 3 hours"),
        ("acme_certificates_per_week", Attempt.ISSUED, "new certificates for example.org in 7 days"),
        ("acme_duplicates_per_week", Attempt.RENEWED, "certificates of the same names"),
    ],
)
async def test_a_limit_of_our_own_is_kept_and_said(setting: str, attempt: Attempt, what: str) -> None:
    world = World(**{setting: 2})
    for _ in range(2):
        world.records.attempts.append((attempt, world.certificate.name, world.authority.directory, world.clock()))
    result = await world.run_pass()
    assert isinstance(result, Again)
    assert what in world.condition("Ready").message
    assert world.condition("Ready").code is ErrorCode.RATE_LIMITS_EXCEEDED
    assert world.ca.orders == {}
    await world.settle()


async def test_an_authority_that_wants_an_external_account_says_what_to_set(world: World, tmp_path: Path) -> None:
    world.ca.external_accounts = {"kid-1": "secret"}
    await world.run_pass()
    assert "BRB_ACME_EXTERNAL_ACCOUNT_FILE" in world.condition("Ready").message
    file = tmp_path / "account.json"
    file.write_text(json.dumps({"kid": "kid-1", "hmac_key": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}))
    bound = World(acme_external_account_file=file)
    bound.ca.external_accounts = {"kid-1": "secret"}
    assert isinstance(await bound.settle(), Settled)
    assert bound.ca.bindings == ["kid-1"]


async def test_a_certificate_for_another_key_is_not_taken(world: World) -> None:
    await world.settle()
    chain = world.certificate.issued.fullchain_pem if world.certificate.issued else ""
    other = World()
    other.zone.hidden = ("x",)
    await other.run_pass()
    other.zone.hidden = ()
    order = next(iter(other.ca.orders.values()))
    order.status, order.chain = "valid", chain
    await other.run_pass()
    assert "another key" in other.errors[-1].message
    assert other.certificate.issued is None
