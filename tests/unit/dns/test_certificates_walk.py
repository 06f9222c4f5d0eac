"""From an empty row to a wildcard certificate, its renewal and its removal; against an authority in memory."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from brb_dns.certificates.certificate import Attempt
from brb_dns.certificates.conditions import state_of
from brb_dns.certificates.scope import PRIVATE_KEY
from brb_shared.contracts.conditions import ConditionStatus, ErrorCode
from brb_shared.reconcile import Absent, Again, Settled
from brb_shared.secrets import SealBroken
from fakes.acme_ca import Fault
from fakes.acme_world import NAME, OWNER, World
from fakes.cloud_base import Script


@pytest.fixture
def world() -> World:
    return World()


async def test_a_wildcard_certificate_with_the_bare_name_is_issued(world: World) -> None:
    await world.settle()
    issued = world.certificate.issued
    assert issued is not None
    leaf = x509.load_pem_x509_certificate(issued.fullchain_pem.encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {f"*.{NAME}", NAME}
    assert world.condition("Ready").status is ConditionStatus.TRUE
    assert world.condition("UpToDate").status is ConditionStatus.TRUE
    assert state_of(world.certificate, world.clock()) == "ready"
    assert world.reasons == ["CertificateIssued"]


async def test_both_values_stand_at_one_name_at_the_same_time_and_go_afterwards(world: World) -> None:
    await world.settle()
    assert world.zone.most_at_once == 2
    assert world.zone.values == set()


async def test_the_private_key_is_sealed_and_belongs_to_the_certificate(world: World) -> None:
    await world.settle()
    issued = world.certificate.issued
    assert issued is not None
    assert b"PRIVATE" not in issued.key_sealed
    opened = world.keyring.open(issued.key_sealed, tenant=OWNER.project_id, obj="crt-1", field=PRIVATE_KEY)
    leaf = x509.load_pem_x509_certificate(issued.fullchain_pem.encode())
    assert load_pem_private_key(opened, None).public_key() == leaf.public_key()
    with pytest.raises(SealBroken):
        world.keyring.open(issued.key_sealed, tenant=OWNER.project_id, obj="crt-2", field=PRIVATE_KEY)


async def test_no_pass_waits_and_the_challenges_are_answered_once(world: World) -> None:
    results = []
    while not isinstance(result := await world.run_pass(), Settled):
        assert isinstance(result, Again)
        results.append(result.reason)
    assert set(results) <= {"Validating", "Finalizing"}
    order = next(iter(world.ca.orders.values()))
    assert [one.answers for one in order.authorizations] == [1, 1]


async def test_the_authority_is_not_asked_to_look_before_every_server_shows_the_values(world: World) -> None:
    world.zone.hidden = ("192.0.2.53:53",)
    for _ in range(3):
        result = await world.run_pass()
        assert isinstance(result, Again)
        assert result.reason == "WaitingForDNS"
    assert "192.0.2.53:53" in world.condition("Ready").message
    assert all(one.answers == 0 for order in world.ca.orders.values() for one in order.authorizations)
    world.zone.hidden = ()
    await world.settle()


async def test_one_account_serves_all_certificates(world: World) -> None:
    await world.settle()
    world.add("crt-2", "blog.198.51.100.7.web.example.org")
    world.restart()
    while not isinstance(await world.run_pass("crt-2"), Settled):
        pass
    assert len(world.ca.accounts) == 1
    assert len(world.records.accounts) == 1


@pytest.mark.parametrize(
    ("contact", "shown"), [("ops@example.org", ["mailto:ops@example.org"]), ("", [])], ids=["another", "none"]
)
async def test_a_changed_contact_is_sent_for_the_account_that_is_there(contact: str, shown: list[str]) -> None:
    world = World(acme_contact="old@example.org")
    await world.settle()
    world.settings = world.settings.model_copy(update={"acme_contact": contact})
    world.restart()
    await world.settle()
    assert list(world.ca.contacts.values()) == [shown]
    script = Script()
    world.use(script)
    await world.settle()
    assert script.calls == []


async def test_a_contact_that_the_authority_refuses_holds_no_certificate_up(world: World) -> None:
    await world.settle()
    world.settings = world.settings.model_copy(update={"acme_contact": "ops@example.org"})
    world.restart()
    world.ca.fails_next("account", Fault("invalidContact", "no such domain", 400))
    await world.settle()
    assert world.errors == []
    assert list(world.ca.contacts.values()) == [[]]
    await world.settle()
    assert list(world.ca.contacts.values()) == [["mailto:ops@example.org"]]


async def test_it_is_renewed_at_two_thirds_of_its_life_when_the_authority_gives_no_advice(world: World) -> None:
    world.ca.has_renewal_info = False
    await world.settle()
    first = world.certificate.issued
    assert first is not None
    due = first.not_before + timedelta(days=60)
    assert due - timedelta(days=4.5) <= first.renew_at <= due
    await world.run_for(first.renew_at - world.clock() - timedelta(hours=1))
    assert world.certificate.issued is not None
    assert world.certificate.issued.serial == first.serial
    await world.run_for(timedelta(hours=14))
    second = world.certificate.issued
    assert second.serial != first.serial
    assert second.key_sealed != first.key_sealed
    assert world.reasons == ["CertificateIssued", "CertificateRenewed"]


async def test_the_old_certificate_stays_in_use_while_it_is_renewed(world: World) -> None:
    await world.settle()
    world.clock.advance(timedelta(days=80))
    world.zone.hidden = ("192.0.2.53:53",)
    await world.run_pass()
    assert world.condition("Ready").status is ConditionStatus.TRUE
    assert world.condition("UpToDate").reason == "WaitingForDNS"
    assert state_of(world.certificate, world.clock()) == "renewing"


async def test_the_authoritys_advice_is_followed_and_the_order_says_what_it_replaces(world: World) -> None:
    await world.settle()
    world.ca.window = (world.clock() - timedelta(hours=2), world.clock() - timedelta(hours=1))
    await world.run_for(timedelta(days=1))
    assert world.reasons == ["CertificateIssued", "CertificateRenewed"]
    first, second = world.ca.orders.values()
    assert first.replaces is None
    assert second.replaces is not None


async def test_an_order_that_was_replaced_before_is_made_without_saying_so(world: World) -> None:
    await world.settle()
    world.ca.window = (world.clock() - timedelta(hours=2), world.clock() - timedelta(hours=1))
    world.ca.fails_next("order", Fault("alreadyReplaced", status=409))
    await world.run_for(timedelta(days=1))
    assert world.reasons == ["CertificateIssued", "CertificateRenewed"]


async def test_without_an_answer_to_when_the_fraction_holds(world: World) -> None:
    await world.settle()
    renew_at = world.certificate.issued.renew_at if world.certificate.issued else None
    world.ca.fails_next("renewal", Fault(status=503))
    result = await world.run_pass()
    assert isinstance(result, Settled)
    assert world.certificate.issued is not None
    assert world.certificate.issued.renew_at == renew_at


async def test_a_retry_asks_the_authority_for_the_time_at_once(world: World) -> None:
    await world.settle()
    world.ca.window = (world.clock() - timedelta(hours=2), world.clock() - timedelta(hours=1))
    world.change(asked=1)
    await world.settle()
    assert "CertificateRenewed" in world.reasons


async def test_a_profile_is_asked_for_and_a_changed_authority_issues_anew() -> None:
    world = World(acme_profile="shortlived")
    await world.settle()
    assert next(iter(world.ca.orders.values())).profile == "shortlived"
    issued = world.certificate.issued
    assert issued is not None
    moved = World()
    moved.records.certificates["crt-1"] = world.certificate
    moved.change(issued=type(issued)(**{**vars(issued), "directory": "https://staging.test/directory"}))
    await moved.settle()
    assert moved.certificate.issued is not None
    assert moved.certificate.issued.directory == moved.authority.directory


async def test_it_is_revoked_and_forgotten_when_its_owner_goes(world: World) -> None:
    await world.settle()
    world.change(wanted=False)
    assert isinstance(await world.run_pass(), Absent)
    assert world.ca.revoked == [world.ca.issued[0].serial_number]
    assert world.records.certificates == {}
    assert world.reasons[-1] == "CertificateRevoked"


async def test_a_removal_in_the_middle_of_an_order_leaves_nothing_in_the_zone(world: World) -> None:
    world.zone.hidden = ("192.0.2.53:53",)
    await world.run_pass()
    assert world.zone.values
    world.change(wanted=False)
    await world.run_pass()
    assert world.zone.values == set()
    assert world.records.certificates == {}


async def test_an_authority_that_is_down_holds_a_removal_up_for_hours_not_for_ever(world: World) -> None:
    await world.settle()
    world.ca.is_down = True
    world.change(wanted=False)
    began = world.clock()
    assert isinstance(await world.settle(), Absent)
    assert timedelta(hours=1) < world.clock() - began < timedelta(hours=4)
    assert world.reasons[-1] == "CertificateNotRevoked"


async def test_without_an_authority_the_condition_says_what_to_set() -> None:
    world = World(acme_directory_url="")
    await world.run_pass()
    condition = world.condition("Ready")
    assert condition.code is ErrorCode.CONFIGURATION_PROBLEM
    assert "BRB_ACME_DIRECTORY_URL" in condition.message


async def test_attempts_are_counted(world: World) -> None:
    await world.settle()
    assert [attempt for attempt, *_ in world.records.attempts] == [Attempt.ORDERED, Attempt.ISSUED]
