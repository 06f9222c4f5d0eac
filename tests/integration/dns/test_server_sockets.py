"""The name server over real sockets: UDP, TCP, its limits, its account, its status."""

import os
import pwd
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.update
import pytest

from brb_dns.server.processes import become, hurry
from fakes.dns_process import ORIGIN, ZONE, NameServerProcess, until


def query(name: str = f"app.10.0.0.1.{ORIGIN}", type_: str = "A") -> dns.message.QueryMessage:
    return dns.message.make_query(name, type_)


def framed(message: dns.message.Message) -> bytes:
    wire = message.to_wire()
    return len(wire).to_bytes(2) + wire


def receive(sock: socket.socket, count: int) -> list[dns.message.Message]:
    with sock.makefile("rb") as stream:
        return [dns.message.from_wire(stream.read(int.from_bytes(stream.read(2)))) for _ in range(count)]


def has_ipv6_loopback() -> bool:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        return probe.connect_ex(("::1", 9)) == 0


@pytest.fixture(scope="module", name="server")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServerProcess]:
    second = {"origin": "second.test", "networks": ["192.0.2.0/24"]}
    with NameServerProcess(tmp_path_factory.mktemp("dns"), zones=(ZONE, second), WORKERS="2") as server:
        yield server


def test_udp_and_tcp_give_the_same_answer(server: NameServerProcess) -> None:
    for name, type_ in ((f"app.10.0.0.1.{ORIGIN}", "A"), (f"300.{ORIGIN}", "A"), (ORIGIN, "NS"), ("x.test", "A")):
        asked = query(name, type_)
        by_udp = dns.query.udp(asked, server.host, port=server.port, timeout=5)
        by_tcp = dns.query.tcp(asked, server.host, port=server.port, timeout=5)
        assert by_udp.to_text() == by_tcp.to_text()


def test_several_zones_are_served(server: NameServerProcess) -> None:
    answer = dns.query.udp(query("192.0.2.9.second.test"), server.host, port=server.port, timeout=5)
    assert str(answer.answer[0][0]) == "192.0.2.9"


@pytest.mark.skipif(not has_ipv6_loopback(), reason="this host has no IPv6")
def test_ipv6_clients_are_served(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path, host="::1") as server:
        for ask in (dns.query.udp, dns.query.tcp):
            assert ask(query(), "::1", port=server.port, timeout=5).answer


def test_many_queries_on_one_connection_are_answered_however_they_are_cut(server: NameServerProcess) -> None:
    messages = [query(f"a{number}.10.0.0.{number}.{ORIGIN}") for number in range(100)]
    with server.tcp() as sock:
        sock.sendall(b"".join(framed(message) for message in messages))
        assert {answer.id for answer in receive(sock, 100)} == {message.id for message in messages}
        for byte in framed(messages[0]):
            sock.sendall(bytes([byte]))
        assert receive(sock, 1)[0].id == messages[0].id


def test_a_client_that_has_said_all_still_gets_its_answers(server: NameServerProcess) -> None:
    with server.tcp() as sock:
        sock.sendall(framed(query()) + framed(query()))
        sock.shutdown(socket.SHUT_WR)
        assert len(receive(sock, 2)) == 2
        assert sock.recv(1) == b""


def test_a_connection_without_a_query_is_closed(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path, TCP_IDLE_SECONDS="0.3") as server, server.tcp() as silent, server.tcp() as slow:
        slow.sendall(framed(query())[:5])  # a query that never ends is none
        for sock in (silent, slow):
            assert _is_closed(sock)


def test_connections_of_one_client_and_in_all_are_limited(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path, TCP_CONNECTIONS_PER_CLIENT="2", TCP_CONNECTIONS="3") as server:
        kept = [server.tcp(), server.tcp()]
        for sock in kept:
            sock.sendall(framed(query()))
            assert receive(sock, 1)
        with server.tcp() as third:
            assert _is_closed(third)
        until(lambda: server.metric("brb_dns_tcp_refused_total") == 1)
        assert server.metric("brb_dns_tcp_connections") == 2
        for sock in kept:
            sock.close()
        until(lambda: server.metric("brb_dns_tcp_connections") == 0)
        with server.tcp() as sock:
            sock.sendall(framed(query()))
            assert receive(sock, 1)


def test_a_message_above_the_limit_ends_the_connection(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path, TCP_MESSAGE_BYTES="600") as server, server.tcp() as sock:
        sock.sendall(framed(query()) + b"\xff\xff" + b"x" * 100)
        assert _is_closed(sock)


def test_a_client_that_takes_no_answers_is_not_read_from(server: NameServerProcess) -> None:
    with server.tcp() as sock:
        sock.settimeout(1)
        queries = framed(query()) * 1000
        with pytest.raises(TimeoutError):
            sock.sendall(queries * 3000)
        assert dns.query.udp(query(), server.host, port=server.port, timeout=5).answer


def test_datagrams_that_are_no_query_are_not_answered(server: NameServerProcess) -> None:
    with server.udp() as sock:
        for nothing in (b"", b"x" * 11, b"\0\1\x80" + b"\0" * 30):
            sock.send(nothing)
        asked = query()
        sock.send(asked.to_wire())
        assert dns.message.from_wire(sock.recv(4096)).id == asked.id


def test_updates_without_a_signature_are_refused(server: NameServerProcess) -> None:
    update = dns.update.UpdateMessage(ORIGIN)
    update.add("x", 60, "A", "10.0.0.1")
    assert dns.query.udp(update, server.host, port=server.port, timeout=5).rcode() == dns.rcode.REFUSED


def test_metrics_tell_queries_by_zone_type_rcode_and_transport(server: NameServerProcess) -> None:
    before = server.metric("brb_dns_queries_total")
    for name in ("10.0.0.1", "x.10.0.0.2", "300"):
        dns.query.udp(query(f"{name}.{ORIGIN}"), server.host, port=server.port, timeout=5)
    dns.query.tcp(query(f"10.0.0.1.{ORIGIN}", "MX"), server.host, port=server.port, timeout=5)
    assert server.metric("brb_dns_queries_total") == before + 4
    text = server.get("/metrics").text
    for labels in (
        f'rcode="NOERROR",transport="udp",type="A",zone="{ORIGIN}"',
        f'rcode="NXDOMAIN",transport="udp",type="A",zone="{ORIGIN}"',
        f'rcode="NOERROR",transport="tcp",type="MX",zone="{ORIGIN}"',
    ):
        assert f"brb_dns_queries_total{{{labels}}}" in text
    assert 'brb_dns_seconds_bucket{le="+Inf"}' in text
    assert server.get("/healthz").json() == {"status": "ok"}
    assert server.get("/readyz").json() == {"workers": True}


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a privileged port, another account, a priority need root")


@needs_root
@pytest.mark.parametrize(("asked", "nice"), [("-7", -7), ("0", os.getpriority(os.PRIO_PROCESS, 0))])
def test_a_worker_goes_before_others_on_the_host_and_so_does_the_one_after_it(
    tmp_path: Path, asked: str, nice: int
) -> None:
    with NameServerProcess(tmp_path, NICE=asked) as server:
        (first,) = server.workers()
        assert os.getpriority(os.PRIO_PROCESS, first) == nice
        os.kill(first, signal.SIGKILL)
        until(lambda: server.workers() not in ([], [first]) and server.is_ready())
        assert os.getpriority(os.PRIO_PROCESS, server.workers()[0]) == nice


@needs_root
def test_who_may_not_go_before_others_serves_all_the_same() -> None:
    pid = os.fork()
    if not pid:
        become("nobody")
        before = os.getpriority(os.PRIO_PROCESS, 0)
        hurry(-20)
        os._exit(os.getpriority(os.PRIO_PROCESS, 0) != before)
    assert os.waitpid(pid, 0)[1] == 0


@needs_root
def test_root_is_given_up_once_the_privileged_port_is_bound(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    for folder in tmp_path.parents[:2]:
        folder.chmod(0o755)
    place = "127.53.0.1"
    nobody = pwd.getpwnam("nobody")
    with NameServerProcess(
        tmp_path, LISTEN=f'["{place}:53"]', USER="nobody", SNAPSHOT_FILE=f"{tmp_path}/s.json"
    ) as server:
        assert dns.query.udp(query(), place, timeout=5).answer
        os.kill(server.workers()[0], signal.SIGKILL)
        until(server.is_ready)
        for pid in (server.process.pid, *server.workers()):
            status = Path(f"/proc/{pid}/status").read_text()
            fields = {line.split(":")[0]: line.split()[1:] for line in status.splitlines() if line}
            assert set(fields["Uid"]) == {str(nobody.pw_uid)}
            assert set(fields["Gid"]) == {str(nobody.pw_gid)}
            assert int(fields["CapEff"][0], 16) == 0
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "Reloaded" in server.log())


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with NameServerProcess(tmp_path) as server:
        second = NameServerProcess(tmp_path, LISTEN='["192.0.2.1:5300"]')
        with pytest.raises(AssertionError, match=r"cannot listen on 192\.0\.2\.1 port 5300"), second:
            pass
        assert server.is_ready()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LISTEN", '["nonsense"]', "write an address and a port"),
        ("USER", "nosuchaccount", "nosuchaccount"),
        ("COOKIE_SECRET_FILE", "/nonexistent/file", "cookie_secret_file"),
        ("SNAPSHOT_FILE", "/nonexistent/file", "snapshot_file"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str, said: str) -> None:
    server = NameServerProcess(tmp_path)
    server.settings[name] = value
    with pytest.raises(AssertionError, match=said), server:
        pass


def test_several_clients_at_once_all_get_their_own_answers(server: NameServerProcess) -> None:
    wrong: list[str] = []

    def client(number: int) -> None:
        for step in range(50):
            asked = query(f"a.10.{number}.{step}.1.{ORIGIN}")
            answer = dns.query.udp(asked, server.host, port=server.port, timeout=5)
            if str(answer.answer[0][0]) != f"10.{number}.{step}.1":
                wrong.append(answer.to_text())

    threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _is_closed(sock: socket.socket) -> bool:
    try:
        while sock.recv(4096):
            pass
    except ConnectionResetError:
        pass
    return True
