"""The adapter of the ACME library against a real authority (Pebble), by itself."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from brb_dns.certificates.acme_authority import AcmeAuthority
from brb_dns.certificates.acme_session import Connection
from brb_dns.certificates.errors import AccountGone, AuthorityUnavailable, OrderGone, Refused
from brb_dns.certificates.keys import new_key
from brb_dns.certificates.ports import Login, Status
from fakes.pebble import Pebble

KID, HMAC_KEY = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
NAMES = ("*.shop.198.51.100.7.web.brb.test", "shop.198.51.100.7.web.brb.test")


@pytest.fixture(scope="module")
def pebble() -> Iterator[Pebble]:
    server = Pebble("127.0.0.1:1", timedelta(days=6), external_accounts={KID: HMAC_KEY}, refused_nonces_percent=0)
    server.start()
    yield server
    server.remove()


@pytest.fixture
def external_account(tmp_path: Path) -> Path:
    file = tmp_path / "account.json"
    write_account(file, HMAC_KEY)
    return file


def write_account(file: Path, hmac_key: str) -> None:
    file.write_text(json.dumps({"kid": KID, "hmac_key": hmac_key}))


@pytest.fixture
async def authority(pebble: Pebble, external_account: Path) -> AsyncIterator[AcmeAuthority]:
    connection = Connection(pebble.directory, 20, pebble.ca_file)
    opened = AcmeAuthority(connection, contact="ops@example.org", external_account_file=external_account)
    yield opened
    opened.close()


async def logged_in(authority: AcmeAuthority) -> Login:
    key = new_key()
    return Login(key, await authority.register(key))


async def test_the_same_key_is_the_same_account(authority: AcmeAuthority) -> None:
    key = new_key()
    assert await authority.register(key) == await authority.register(key)
    assert await authority.register(new_key()) != await authority.register(key)


async def test_another_contact_is_taken_and_none_too(authority: AcmeAuthority) -> None:
    login = await logged_in(authority)
    for contact in ("new@example.org", ""):
        await authority.change_contact(login, contact)
    with pytest.raises(Refused) as refused:
        await authority.change_contact(login, "nobody@")
    assert refused.value.kind == "invalidContact"
    with pytest.raises(AccountGone):
        await authority.change_contact(Login(login.key_pem, login.uri + "x"), "new@example.org")


async def test_an_external_account_is_bound_with_its_key(
    pebble: Pebble, authority: AcmeAuthority, external_account: Path
) -> None:
    assert await authority.register(new_key())
    await asyncio.to_thread(write_account, external_account, "d3Jvbmcta2V5LXdyb25nLWtleS13cm9uZy1rZXk")
    with pytest.raises(Refused):
        await authority.register(new_key())
    unbound = AcmeAuthority(Connection(pebble.directory, 20, pebble.ca_file))
    with pytest.raises(Refused, match="BRB_ACME_EXTERNAL_ACCOUNT_FILE"):
        await unbound.register(new_key())
    unbound.close()


async def test_an_order_that_nobody_wrote_down_is_found_again_among_many(authority: AcmeAuthority) -> None:
    login = await logged_in(authority)
    assert await authority.find_order(login, NAMES) is None
    for number in range(4):
        await authority.new_order(login, (f"other-{number}.web.brb.test",), None)
    made = await authority.new_order(login, NAMES, None)
    assert await authority.find_order(login, NAMES) == made.url
    assert await authority.find_order(login, NAMES[:1]) is None


async def test_an_order_says_what_is_to_be_proved(authority: AcmeAuthority) -> None:
    login = await logged_in(authority)
    made = await authority.new_order(login, NAMES, None)
    seen = await authority.order(login, made.url)
    assert seen.status is Status.PENDING
    proofs = [await authority.authorization(login, url) for url in seen.authorizations]
    assert {one.name for one in proofs} == {NAMES[1]}
    assert len({one.proof for one in proofs}) == 2
    with pytest.raises(Refused) as early:
        await authority.finalize(login, seen, new_key(), NAMES)
    assert early.value.kind == "orderNotReady"


async def test_what_the_authority_does_not_know_is_gone(authority: AcmeAuthority) -> None:
    login = await logged_in(authority)
    made = await authority.new_order(login, NAMES, None)
    with pytest.raises(OrderGone):
        await authority.order(login, made.url + "x")
    with pytest.raises(AccountGone):
        await authority.new_order(Login(login.key_pem, login.uri + "x"), NAMES, None)


async def test_an_authority_of_another_root_is_not_trusted(pebble: Pebble) -> None:
    careless = AcmeAuthority(Connection(pebble.directory, 20))
    with pytest.raises(AuthorityUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        await careless.caa_identities()
    careless.close()


async def test_it_says_by_which_names_caa_records_let_it_in(authority: AcmeAuthority) -> None:
    assert await authority.caa_identities() == ("pebble.letsencrypt.org",)
