"""What the tools of others make of our server: dig, delv, kdig, nsupdate and dnsperf from Debian."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from brb_shared.testing.debian import Programs, ensure_programs
from fakes.dns_servers import OurNameServer
from fakes.dns_zone import ORIGIN, SERIAL, our_configuration, our_snapshot

NSID = "ns-of-this-test"
_TIMEOUT_SECONDS = 30
_SOA = f"ns1.{ORIGIN}. hostmaster.{ORIGIN}. {SERIAL} 3600 600 1209600 60"


@pytest.fixture(scope="module")
def server() -> Iterator[OurNameServer]:
    made = OurNameServer(our_configuration(), our_snapshot(), {"NSID": NSID})
    made.start()
    yield made
    made.remove()


@dataclass(frozen=True)
class Tools:
    programs: Programs
    port: int

    def run(self, program: str, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.programs[program], *arguments], env=self.programs.environment(), input=typed,
            capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False,
        )  # fmt: skip

    def dig(self, *arguments: str) -> dict[str, Any]:
        """The one answer, as dig's YAML tells it."""
        printed = self.run("dig", "@127.0.0.1", "-p", str(self.port), "+yaml", "+tries=1", "+norec", *arguments).stdout
        answer: dict[str, Any] = yaml.safe_load(printed)[0]["message"]["response_message_data"]
        return answer


@pytest.fixture(scope="module")
def tools(server: OurNameServer) -> Tools:
    bind = dict.fromkeys(("dig", "delv", "nsupdate"), "bind9-dnsutils")
    return Tools(ensure_programs({**bind, "kdig": "knot-dnsutils", "dnsperf": "dnsperf"}), server.port)


def edns_of(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = answer["OPT_PSEUDOSECTION"]["EDNS"]
    return found


@pytest.mark.parametrize(
    "options",
    [
        ["+nocookie", "+edns=0"],
        ["+nocookie", "+edns=0", "+ednsopt=100"],
        ["+nocookie", "+edns=0", "+ednsflags=0x80"],
        ["+nocookie", "+edns=0", "+ednsopt=100:abcd", "+ednsflags=0x80"],
        ["+cookie"],
        ["+nocookie", "+expire"],
        ["+nocookie", "+subnet=192.0.2.0/24"],
        ["+nocookie", "+padding=128"],
        ["+nocookie", "+edns=0", "+tcp"],
        ["+nocookie", "+keepalive", "+tcp"],
    ],
    ids=" ".join,
)
def test_the_edns_compliance_queries_get_the_soa_and_a_clean_opt(tools: Tools, options: list[str]) -> None:
    """Source: the queries of ISC's EDNS compliance tester. Unknown options and flags are ignored, not echoed."""
    answer = tools.dig("+noad", "SOA", ORIGIN, *options)
    assert answer["status"] == "NOERROR"
    assert answer["flags"].split() == ["qr", "aa"]
    assert answer["ANSWER_SECTION"] == [f"{ORIGIN}. 60 IN SOA {_SOA}"]
    edns = edns_of(answer)
    assert (edns["version"], edns["udp"]) == (0, 1232)
    assert not edns.get("flags")
    assert "MBZ" not in edns
    assert set(edns) <= {"version", "flags", "udp", "COOKIE", "TCP-KEEPALIVE"}


@pytest.mark.parametrize("options", [[], ["+ednsopt=100"], ["+ednsflags=0x80"], ["+dnssec"]], ids=" ".join)
def test_another_edns_version_gets_badvers_and_no_answer(tools: Tools, options: list[str]) -> None:
    answer = tools.dig("+noad", "+nocookie", "+edns=100", "+noednsneg", "SOA", ORIGIN, *options)
    assert answer["status"] == "BADVERS"
    assert "ANSWER_SECTION" not in answer
    assert edns_of(answer)["version"] == 0


def test_without_edns_there_is_none_in_the_answer(tools: Tools) -> None:
    answer = tools.dig("+noedns", "+noad", "SOA", ORIGIN)
    assert answer["ANSWER_SECTION"] == [f"{ORIGIN}. 60 IN SOA {_SOA}"]
    assert "OPT_PSEUDOSECTION" not in answer


def test_do_is_echoed_and_the_answer_is_unsigned(tools: Tools) -> None:
    answer = tools.dig("+dnssec", "+nocookie", "A", f"mail.{ORIGIN}")
    assert edns_of(answer)["flags"] == "do"
    assert answer["ANSWER_SECTION"] == [f"mail.{ORIGIN}. 300 IN A 192.0.2.25"]


def test_the_case_of_the_name_comes_back_unchanged(tools: Tools) -> None:
    """dns 0x20: a resolver tells a forged answer by it."""
    name = f"mAiL.{ORIGIN.swapcase()}."
    answer = tools.dig("A", name)
    assert answer["QUESTION_SECTION"] == [f"{name} IN A"]
    assert answer["ANSWER_SECTION"] == [f"{name} 300 IN A 192.0.2.25"]


def test_an_answer_that_is_too_large_is_truncated_and_whole_over_tcp(tools: Tools) -> None:
    name = f"big.{ORIGIN}"
    assert "tc" in tools.dig("TXT", name, "+ignore", "+bufsize=4096")["flags"].split()
    assert len(tools.dig("TXT", name)["ANSWER_SECTION"]) == 40


@pytest.mark.parametrize("options", [["+bufsize=512"], ["+noedns"], ["+bufsize=1"]], ids=" ".join)
def test_an_answer_is_never_larger_than_asked_for_nor_the_limit_smaller_than_512(
    tools: Tools, options: list[str]
) -> None:
    assert "tc" not in tools.dig("A", f"www.{ORIGIN}", "+ignore", "+nocookie", *options)["flags"].split()
    assert "tc" in tools.dig("TXT", f"big.{ORIGIN}", "+ignore", "+nocookie", *options)["flags"].split()


def test_a_cookie_that_was_given_is_good_when_it_is_shown(tools: Tools) -> None:
    given, verdict = edns_of(tools.dig("+cookie", "A", f"mail.{ORIGIN}"))["COOKIE"].split()
    assert (len(given), verdict) == (48, "(good)")  # 8 bytes of the client, 16 of the server
    shown = edns_of(tools.dig(f"+cookie={given[:16]}", "A", f"mail.{ORIGIN}"))["COOKIE"]
    assert shown.endswith("(good)")
    assert shown.startswith(given[:16])


def test_nsid_is_told_to_whoever_asks(tools: Tools) -> None:
    printed = tools.run("kdig", "@127.0.0.1", "-p", str(tools.port), "+nsid", f"mail.{ORIGIN}").stdout
    assert NSID in printed
    assert "192.0.2.25" in printed


def test_kdig_keeps_one_connection_for_many_questions(tools: Tools) -> None:
    names = [f"mail.{ORIGIN}", f"www.{ORIGIN}", f"big.{ORIGIN}", f"nothing.{ORIGIN}"]
    printed = tools.run("kdig", "@127.0.0.1", "-p", str(tools.port), "+tcp", "+keepopen", *names).stdout
    assert printed.count("status: NOERROR") == 3
    assert printed.count("status: NXDOMAIN") == 1


def test_dnsperf_loses_nothing_when_it_pipelines_over_tcp(tools: Tools) -> None:
    questions = "".join(f"{name}.{ORIGIN} {type_}\n" for name in ("www", "mail", "big") for type_ in ("A", "TXT")) * 50
    printed = tools.run(
        "dnsperf", "-s", "127.0.0.1", "-p", str(tools.port), "-m", "tcp", "-c", "2", "-q", "50", "-n", "1", "-e",
        typed=questions,
    ).stdout  # fmt: skip
    assert re.search(r"Queries completed: +300 \(100\.00%\)", printed), printed
    assert "NOERROR 300 (100.00%)" in printed


def test_delv_takes_the_answer(tools: Tools) -> None:
    printed = tools.run("delv", "@127.0.0.1", "-p", str(tools.port), "-i", "A", f"mail.{ORIGIN}").stdout
    assert "; authoritative" in printed
    assert "192.0.2.25" in printed


@pytest.mark.parametrize(
    "question", [["version.bind"], ["hostname.bind"], ["id.server"], ["version.server"]], ids=" ".join
)
def test_chaos_tells_nothing(tools: Tools, question: list[str]) -> None:
    answer = tools.dig("-c", "CH", "-t", "TXT", *question)
    assert answer["status"] == "REFUSED"
    assert "ANSWER_SECTION" not in answer


def test_a_zone_transfer_is_refused(tools: Tools) -> None:
    printed = tools.run("dig", "@127.0.0.1", "-p", str(tools.port), "AXFR", ORIGIN).stdout
    assert "Transfer failed" in printed


def test_an_update_without_a_key_is_refused(tools: Tools) -> None:
    lines = f"server 127.0.0.1 {tools.port}\nzone {ORIGIN}\nupdate add new.{ORIGIN} 60 A 192.0.2.7\nsend\n"
    done = tools.run("nsupdate", typed=lines)
    assert "REFUSED" in done.stderr
    assert tools.dig("A", f"new.{ORIGIN}")["status"] == "NXDOMAIN"


@pytest.mark.parametrize("opcode", ["1", "2", "3", "6", "15"])
def test_other_opcodes_are_not_implemented(tools: Tools, opcode: str) -> None:
    assert tools.dig(f"+opcode={opcode}", "A", f"mail.{ORIGIN}")["status"] == "NOTIMP"


def test_bits_that_are_not_ours_are_cleared(tools: Tools) -> None:
    answer = tools.dig("+zflag", "+cdflag", "+adflag", "+aaflag", "A", f"mail.{ORIGIN}")
    assert answer["status"] == "NOERROR"
    assert set(answer["flags"].split()) <= {"qr", "aa", "cd"}


def test_a_header_without_a_question_is_a_format_error(tools: Tools) -> None:
    assert tools.dig("+header-only", "+noedns", ".")["status"] == "FORMERR"
