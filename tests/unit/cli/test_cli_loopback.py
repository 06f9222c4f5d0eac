"""The port at which the browser's answer comes."""

import socket
import threading

import httpx

from brb_cli.loopback import Loopback


def test_the_first_answer_at_the_secret_path_counts() -> None:
    with Loopback() as loopback:
        assert httpx.URL(loopback.address).host == "127.0.0.1"
        page = httpx.get(loopback.address, params={"code": "c-1", "x": "a b"})
        assert page.status_code == 200
        assert "Back to your terminal" in page.text
        assert httpx.get(loopback.address, params={"code": "c-2"}).status_code == 200
        assert loopback.wait(5) == {"code": "c-1", "x": "a b"}


def test_who_does_not_know_the_path_ends_nothing() -> None:
    with Loopback() as loopback:
        base = httpx.URL(loopback.address).copy_with(path="/")
        for path in ("/", "/favicon.ico", "/%00", "//"):
            assert httpx.get(base.copy_with(path=path), params={"code": "evil"}).status_code == 404
        assert httpx.post(loopback.address, params={"code": "evil"}).status_code == 501
        assert loopback.wait(0.01) is None


def test_two_programs_have_two_paths() -> None:
    with Loopback() as one, Loopback() as other:
        assert httpx.URL(one.address).path != httpx.URL(other.address).path


def test_what_the_address_says_is_text_on_the_page() -> None:
    with Loopback() as loopback:
        page = httpx.get(loopback.address, params={"error": "x", "error_description": "<script>alert(1)</script>"})
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"


def test_a_connection_that_says_nothing_does_not_stop_the_answer() -> None:
    """Browsers open some ahead."""
    with Loopback() as loopback:
        port = httpx.URL(loopback.address).port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port)):
            httpx.get(loopback.address, params={"code": "c"}, timeout=5)
            assert loopback.wait(5) == {"code": "c"}


def test_the_port_is_given_back() -> None:
    before = threading.active_count()
    with Loopback() as loopback:
        port = httpx.URL(loopback.address).port
        assert port is not None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert threading.active_count() <= before + 1
