"""Clients that mean harm: what they cost the server stays small, and others are still answered."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest

from fakes.dns_servers import OurNameServer
from fakes.dns_zone import ORIGIN, our_configuration, our_snapshot

LOOPBACK = "127.0.0.1"
_CONNECTIONS = 8
_QUESTIONS = 440  # as many as one read of the server holds
_MOST_GROWTH_KIB = 24 * 1024  # an answer is 60 KiB


@pytest.fixture(scope="module")
def server() -> Iterator[OurNameServer]:
    made = OurNameServer(our_configuration(), our_snapshot())
    made.start()
    yield made
    made.remove()


def test_clients_that_ask_for_much_and_read_nothing_do_not_fill_the_memory(server: OurNameServer) -> None:
    question = dns.message.make_query(f"huge.{ORIGIN}", "TXT")
    assert len(dns.query.tcp(question, LOOPBACK, port=server.port, timeout=10).answer[0]) == 230
    before = _resident_kib(server.pid)
    with contextlib.ExitStack() as stack:
        for _ in range(_CONNECTIONS):
            client = stack.enter_context(socket.create_connection((LOOPBACK, server.port), timeout=10))
            client.sendall(_framed(question) * _QUESTIONS)
        assert _is_answered(server)  # after all that had come before
        assert _resident_kib(server.pid) - before < _MOST_GROWTH_KIB


def test_a_client_that_reads_late_gets_all_its_answers(server: OurNameServer) -> None:
    question = dns.message.make_query(f"huge.{ORIGIN}", "TXT")
    with socket.create_connection((LOOPBACK, server.port), timeout=10) as client:
        client.sendall(_framed(question) * 100)
        assert _is_answered(server)
        with client.makefile("rb") as stream:
            for _ in range(100):
                answer = dns.message.from_wire(stream.read(int.from_bytes(stream.read(2))))
                assert len(answer.answer[0]) == 230


def _framed(question: dns.message.Message) -> bytes:
    wire = question.to_wire()
    return len(wire).to_bytes(2) + wire


def _is_answered(server: OurNameServer) -> bool:
    question = dns.message.make_query(f"www.{ORIGIN}", "A")
    return len(dns.query.tcp(question, LOOPBACK, port=server.port, timeout=20).answer) == 1


def _resident_kib(pid: int) -> int:
    """Of the supervisor and its workers."""
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    lines = [Path(f"/proc/{each}/status").read_text() for each in (str(pid), *workers)]
    return sum(int(text.partition("VmRSS:")[2].split()[0]) for text in lines)
