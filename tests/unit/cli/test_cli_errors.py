"""Exit codes, and how errors are told."""

import json

import pytest

from brb_cli.options import parse_duration
from fakes.scripted_gateway import ScriptedGateway
from fakes.scripted_http import Reply
from unit.cli.conftest import Brb


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (401, "not_signed_in", 4),
        (403, "denied", 5),
        (403, "ERR_INFRA_QUOTA_EXCEEDED", 6),
        (404, "not_found", 3),
        (409, "name_taken", 8),
        (412, "changed_meanwhile", 8),
        (422, "invalid_request", 1),
        (500, "internal", 1),
    ],
)
def test_each_kind_of_problem_has_its_exit_code(
    brb: Brb, gateway: ScriptedGateway, status: int, code: str, exit_code: int
) -> None:
    gateway.fail_next("GET", "/v1/credentials", status, code, "This is why")
    result = brb("credential", "list")
    assert result.exit_code == exit_code
    assert "Error: This is why" in result.stderr
    assert "request id req-1" in result.stderr
    assert result.stdout == ""


def test_with_json_an_error_is_an_object_on_stderr(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.fail_next("GET", "/v1/credentials", 403, "denied", "This is why")
    for words in (("-o", "json"), ("-ojson",), ("--format=json",)):
        gateway.fail_next("GET", "/v1/credentials", 403, "denied", "This is why")
        error = json.loads(brb("credential", "list", *words).stderr)
    assert error == {"code": "denied", "message": "This is why", "hint": "", "request_id": "req-1"}


def test_fields_that_are_wrong_are_pointed_at(brb: Brb, gateway: ScriptedGateway) -> None:
    body = {
        "title": "Problem",
        "status": 422,
        "detail": "The request is not valid",
        "code": "invalid_request",
        "errors": [{"pointer": "/spec/machine_pools/0/flavor", "detail": "there is no flavor m9"}],
    }
    gateway.answer("GET", "/v1/credentials", Reply(422, body, content_type="application/problem+json"))
    assert "/spec/machine_pools/0/flavor: there is no flavor m9" in brb("credential", "list").stderr


def test_what_a_proxy_says_instead_is_told_too(brb: Brb, gateway: ScriptedGateway) -> None:
    for _ in range(4):
        gateway._failures.append(("GET", "/v1/credentials", Reply(502, "<html>", content_type="text/html")))
    result = brb("credential", "list")
    assert result.exit_code == 1
    assert "HTTP 502" in result.stderr


def test_a_moment_of_no_answer_is_lived_through(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.cut_next("GET", "/v1/credentials")
    gateway.fail_next("GET", "/v1/credentials", 503, "unavailable")
    assert brb("credential", "list").exit_code == 0


def test_a_host_that_is_not_there_is_named(brb: Brb) -> None:
    result = brb("cluster", "list", "--host", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert "http://127.0.0.1:1 does not answer" in result.stderr
    assert "brb doctor" in result.stderr


def test_a_word_that_is_wrong_is_answered_with_help(brb: Brb) -> None:
    result = brb("clustr", "list")
    assert result.exit_code == 1
    assert 'Did you mean "cluster"?' in result.stderr
    assert brb("cluster", "list", "-o", "xml").exit_code == 1


def test_no_colour_and_no_spinner_off_a_terminal(brb: Brb, gateway: ScriptedGateway) -> None:
    result = brb("cluster", "create", "x")
    assert "\033" not in result.stdout + result.stderr
    assert "\r" not in result.stderr


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("30m", 1800), ("1h30m", 5400), ("2d", 172_800)]
)
def test_durations_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


def test_what_is_not_a_duration_is_refused(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    assert "'soon' is not a duration" in brb("wait", "x", "--timeout", "soon").stderr
