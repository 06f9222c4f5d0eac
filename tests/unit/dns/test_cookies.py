"""DNS cookies. The values are the examples of RFC 9018, appendix A."""

from ipaddress import ip_address

from brb_dns.server.cookies import Cookies

SECRET = bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")
CLIENT = bytes.fromhex("2464c4abcf10c957")
HOST = ip_address("198.51.100.100").packed
FIRST = bytes.fromhex("010000005cf79f111f8130c3eee29480")
FIRST_AT = 1559731985


def test_a_new_client_gets_the_cookie_of_the_rfc() -> None:
    assert Cookies((SECRET,)).renew(CLIENT, b"", HOST, FIRST_AT) == FIRST


def test_an_old_cookie_is_valid_and_renewed() -> None:
    cookies = Cookies((SECRET,))
    assert cookies.is_valid(CLIENT, FIRST, HOST, 1559734385)
    assert cookies.renew(CLIENT, FIRST, HOST, 1559734385) == bytes.fromhex("010000005cf7a871d4a564a1442aca77")


def test_reserved_bytes_are_signed_as_they_came() -> None:
    cookies, host = Cookies((SECRET,)), ip_address("203.0.113.203").packed
    client, shown = bytes.fromhex("fc93fc62807ddb86"), bytes.fromhex("01abcdef5cf78f71a314227b6679ebf5")
    assert cookies.is_valid(client, shown, host, 1559728000)
    assert cookies.renew(client, shown, host, 1559734700) == bytes.fromhex("010000005cf7a9acf73a7810aca2381e")


def test_a_cookie_of_the_older_secret_is_valid_and_renewed_with_the_newer_one() -> None:
    older, newer = bytes.fromhex("dd3bdf9344b678b185a6f5cb60fca715"), bytes.fromhex("445536bcd2513298075a5d379663c962")
    host = ip_address("2001:db8:220:1:59de:d0f4:8769:82b8").packed
    client, shown = bytes.fromhex("22681ab97d52c298"), bytes.fromhex("010000005cf7c57926556bd0934c72f8")
    cookies = Cookies((newer, older))
    assert cookies.is_valid(client, shown, host, 1559741961)
    assert cookies.renew(client, shown, host, 1559741961) == bytes.fromhex("010000005cf7c609a6bb79d16625507a")


def test_a_fresh_cookie_is_sent_back_as_it_is() -> None:
    assert Cookies((SECRET,)).renew(CLIENT, FIRST, HOST, FIRST_AT + 1799) == FIRST


def test_a_cookie_is_good_for_its_client_its_address_its_secret_and_an_hour() -> None:
    cookies = Cookies((SECRET,))
    assert cookies.is_valid(CLIENT, FIRST, HOST, FIRST_AT + 3600)
    assert cookies.is_valid(CLIENT, FIRST, HOST, FIRST_AT - 300)
    assert not cookies.is_valid(CLIENT, FIRST, HOST, FIRST_AT + 3601)
    assert not cookies.is_valid(CLIENT, FIRST, HOST, FIRST_AT - 301)
    assert not cookies.is_valid(CLIENT[::-1], FIRST, HOST, FIRST_AT)
    assert not cookies.is_valid(CLIENT, FIRST, ip_address("198.51.100.101").packed, FIRST_AT)
    assert not Cookies((b"x" * 16,)).is_valid(CLIENT, FIRST, HOST, FIRST_AT)
    assert not cookies.is_valid(CLIENT, b"", HOST, FIRST_AT)
    assert not cookies.is_valid(CLIENT, b"\2" + FIRST[1:], HOST, FIRST_AT)
    assert not cookies.is_valid(CLIENT, FIRST + b"\0", HOST, FIRST_AT)


def test_time_that_runs_over_32_bits_does_not_matter() -> None:
    cookies, before = Cookies((SECRET,)), (1 << 32) - 10
    cookie = cookies.renew(CLIENT, b"", HOST, before)
    assert cookies.is_valid(CLIENT, cookie, HOST, before + 20)
