"""What happens to queries while the server is changed, reloaded, killed in parts and started again."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import pytest

from brb_dns.zone.records import Change, RecordKey, RecordSet, Snapshot
from brb_dns.zone.snapshot_file import read_snapshot, write_snapshot
from fakes.dns_process import ORIGIN, ZONE, FedServerProcess, NameServerProcess, until

KEYRING = dns.tsigkeyring.from_text({"key.example.": "c2VjcmV0"})


def record(name: str, value: str = "10.1.1.1", type_: str = "A") -> RecordSet:
    return RecordSet(name=f"{name}.{ORIGIN}", type=type_, ttl_seconds=5, values=(value,))


def ask(server: NameServerProcess, name: str, type_: str = "A") -> str:
    """The first value, or the rcode."""
    asked = dns.message.make_query(f"{name}.{ORIGIN}", type_)
    answer = dns.query.udp(asked, server.host, port=server.port, timeout=5)
    return str(answer.answer[0][0]) if answer.answer else dns.rcode.to_text(answer.rcode())


def is_answered(server: NameServerProcess, name: str) -> bool:
    return ask(server, name) == "10.1.1.1"


def has_restarted(server: NameServerProcess, times: int) -> bool:
    return server.metric("brb_dns_worker_restarts_total") == times and server.is_ready()


def has_revision(server: NameServerProcess, revision: int) -> bool:
    return server.metric("brb_dns_revision_answered") == revision


@dataclass
class Asking:
    """Queries one after the other, as fast as they are answered. `retried`: times a second passed without an answer."""

    server: NameServerProcess
    answered: int = 0
    retried: int = 0
    failed: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with self.server.udp() as sock:
            while not self.is_over.is_set():
                self._ask(sock, self.answered)

    def _ask(self, sock: socket.socket, number: int) -> None:
        address = f"10.0.{number >> 8 & 255}.{number & 255}"
        asked = dns.message.make_query(f"a{number}.{address}.{ORIGIN}", "A")
        for _ in range(3):
            sock.send(asked.to_wire())
            try:
                answer = dns.message.from_wire(sock.recv(4096))
            except (TimeoutError, ConnectionRefusedError):
                self.retried += 1
                continue
            if answer.id != asked.id:  # late, for one that was asked again
                continue
            if [str(rdata) for rrset in answer.answer for rdata in rrset] != [address]:
                self.failed.append(answer.to_text())
            self.answered += 1
            return
        self.failed.append(f"no answer to {number}")

    def wait_for(self, more: int) -> None:
        wanted = self.answered + more
        until(lambda: self.answered >= wanted or self.failed)


@contextmanager
def asking(server: NameServerProcess) -> Iterator[Asking]:
    client = Asking(server)
    thread = threading.Thread(target=client.run)
    thread.start()
    try:
        client.wait_for(50)
        yield client
        client.wait_for(50)
    finally:
        client.is_over.set()
        thread.join()
    assert client.failed == []


def test_workers_killed_while_queries_run_are_replaced_and_no_query_fails(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path) as server, asking(server) as client:
        kills = 3
        for count in range(1, kills + 1):
            killed = server.workers()
            os.kill(killed[0], signal.SIGKILL)
            until(partial(has_restarted, server, count))
            client.wait_for(50)
            assert server.workers() != killed
        assert client.retried <= kills  # a query in the hands of the killed worker at most


def test_one_of_two_workers_killed_leaves_counters_that_never_go_back(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path, WORKERS="2") as server, asking(server):
        before = server.metric("brb_dns_queries_total")
        os.kill(server.workers()[0], signal.SIGKILL)
        until(lambda: server.metric("brb_dns_worker_restarts_total") == 1 and server.is_ready())
        assert server.metric("brb_dns_queries_total") >= before
        assert len(server.workers()) == 2


def test_a_worker_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path, HEARTBEAT_SECONDS="1.5") as server:
        (hung,) = server.workers()
        os.kill(hung, signal.SIGSTOP)
        until(lambda: hung not in server.workers() and server.workers() and server.is_ready())
        assert ask(server, "10.0.0.1") == "10.0.0.1"


def test_a_reload_while_queries_run_brings_zones_and_records_and_loses_no_query(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path) as server, asking(server) as client:
        second = {"origin": "second.test", "networks": ["192.0.2.0/24"]}
        for count in range(1, 4):
            server.write_zones([ZONE | {"ttl_seconds": count}, second])
            write_snapshot(
                server.snapshot_file, Snapshot(revision=count, serial=count, records=(record(f"host{count}"),))
            )
            server.process.send_signal(signal.SIGHUP)
            until(partial(is_answered, server, f"host{count}"))
        found = dns.query.udp(dns.message.make_query("192.0.2.1.second.test", "A"), server.host, port=server.port)
        assert found.answer
        assert client.retried == 0
        assert server.metric("brb_dns_worker_restarts_total") == 0


def test_a_reload_of_a_faulty_file_changes_nothing(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path) as server:
        server.zones_file.write_text("zones: [{origin: web.example.org, networks: [nonsense]}]")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "Not reloaded" in server.log())
        assert ask(server, "10.0.0.1") == "10.0.0.1"


def test_a_stopped_server_ends_in_order_and_starts_again_from_its_file(tmp_path: Path) -> None:
    with FedServerProcess(tmp_path) as server:
        server.feed("replace", Snapshot(revision=3, serial=30, records=(record("kept"),)).model_dump_json())
        until(lambda: ask(server, "kept") == "10.1.1.1")
        until(lambda: (read_snapshot(server.snapshot_file) or Snapshot()).revision == 3)
    assert server.process.returncode == 0
    with NameServerProcess(tmp_path) as again:
        assert ask(again, "kept") == "10.1.1.1"
        assert again.metric("brb_dns_revision") == 3
        assert again.metric("brb_dns_serial") == 30


def test_a_supervisor_killed_with_its_last_change_on_disk_starts_again_from_there(tmp_path: Path) -> None:
    with FedServerProcess(tmp_path) as server:
        server.feed("apply", Change(revision=1, serial=2, upserts=(record("kept"),)).model_dump_json())
        until(lambda: (read_snapshot(server.snapshot_file) or Snapshot()).revision == 1)
        workers = server.workers()
        server.process.kill()
        server.process.wait()
        until(lambda: not any(_is_alive(pid) for pid in workers))  # so the next one has the port to itself
    with NameServerProcess(tmp_path) as again:
        assert ask(again, "kept") == "10.1.1.1"


def test_changes_reach_every_worker_at_once_while_queries_run(tmp_path: Path) -> None:
    with FedServerProcess(tmp_path, WORKERS="2") as server, asking(server) as client:
        for count in range(1, 6):
            change = Change(revision=count, serial=count, upserts=(record(f"host{count}"),))
            began = time.monotonic()
            server.feed("apply", change.model_dump_json())
            until(partial(has_revision, server, count))
            assert time.monotonic() - began < 5
            assert {ask(server, f"host{count}") for _ in range(10)} == {"10.1.1.1"}
        gone = Change(revision=6, serial=6, deletes=(RecordKey(f"host1.{ORIGIN}", "A"),))
        server.feed("apply", gone.model_dump_json())
        until(lambda: server.metric("brb_dns_revision_answered") == 6)
        assert {ask(server, "host1") for _ in range(10)} == {"NXDOMAIN"}
        assert client.retried == 0


def test_a_large_snapshot_is_loaded_beside_the_queries(tmp_path: Path) -> None:
    records = tuple(record(f"host{number}") for number in range(5000))
    with FedServerProcess(tmp_path) as server, asking(server) as client:
        server.feed("replace", Snapshot(revision=1, serial=1, records=records).model_dump_json())
        until(lambda: ask(server, "host4999") == "10.1.1.1")
        assert client.retried == 0


def test_a_worker_started_after_a_change_has_it(tmp_path: Path) -> None:
    with FedServerProcess(tmp_path) as server:
        server.feed("apply", Change(revision=1, serial=2, upserts=(record("early"),)).model_dump_json())
        until(lambda: ask(server, "early") == "10.1.1.1")
        (killed,) = server.workers()
        os.kill(killed, signal.SIGKILL)
        until(lambda: server.workers() not in ([], [killed]) and server.is_ready())
        assert ask(server, "early") == "10.1.1.1"


def signed(name: str) -> dns.message.QueryMessage:
    message = dns.message.make_query(f"{name}.{ORIGIN}", "AXFR")
    message.use_tsig(KEYRING, "key.example.", algorithm=dns.tsig.HMAC_SHA256)
    return message


def framed(message: dns.message.Message) -> bytes:
    wire = message.to_wire()
    return len(wire).to_bytes(2) + wire


@pytest.fixture(scope="module", name="fed")
def fed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FedServerProcess]:
    with FedServerProcess(tmp_path_factory.mktemp("fed"), SIGNED_TIMEOUT_SECONDS="1") as server:
        assert isinstance(server, FedServerProcess)
        yield server


def test_signed_messages_are_answered_by_who_holds_the_keys(fed: FedServerProcess) -> None:
    message = signed("three")
    with fed.tcp() as sock, sock.makefile("rb") as stream:
        sock.sendall(framed(message))
        wires = [stream.read(int.from_bytes(stream.read(2))) for _ in range(3)]
        assert {wire[:2] for wire in wires} == {message.to_wire()[:2]}
        sock.sendall(framed(dns.message.make_query(f"10.0.0.1.{ORIGIN}", "A")))
        assert dns.message.from_wire(stream.read(int.from_bytes(stream.read(2)))).answer
    with fed.udp() as sock:
        sock.send(message.to_wire())
        assert sock.recv(4096)[:2] == message.to_wire()[:2]


@pytest.mark.parametrize("name", ["failing", "never"])
def test_a_signed_message_that_nobody_answers_in_time_is_a_server_failure(fed: FedServerProcess, name: str) -> None:
    with fed.tcp() as sock, sock.makefile("rb") as stream:
        sock.sendall(framed(signed(name)))
        wire = stream.read(int.from_bytes(stream.read(2)))
        assert wire[3] & 15 == dns.rcode.SERVFAIL


def test_queries_on_the_same_connection_do_not_wait_for_a_signed_message(fed: FedServerProcess) -> None:
    plain = dns.message.make_query(f"10.0.0.1.{ORIGIN}", "A")
    with fed.tcp() as sock, sock.makefile("rb") as stream:
        sock.sendall(framed(signed("never")) + framed(plain))
        assert dns.message.from_wire(stream.read(int.from_bytes(stream.read(2)))).id == plain.id


def test_without_keys_a_signature_is_of_an_unknown_key(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path) as server, server.udp() as sock:
        sock.send(signed("three").to_wire())
        assert dns.message.from_wire(sock.recv(4096), keyring=False).rcode() == dns.rcode.NOTAUTH


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
