"""`brb login`, `logout`, `whoami`, `profile`, and the configuration file."""

import json
import stat
from pathlib import Path

import pytest

from fakes.scripted_answers import TOKEN, cloud
from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb


@pytest.fixture
def signed_out(brb: Brb, monkeypatch: pytest.MonkeyPatch) -> Brb:
    monkeypatch.delenv("BRB_TOKEN")
    return brb


def config_of(home: Path) -> Path:
    return home / "config" / "brb" / "config.json"


def test_a_password_is_read_from_stdin_and_the_token_kept_privately(
    signed_out: Brb, gateway: ScriptedGateway, home: Path
) -> None:
    result = signed_out("login", "--username", "demo", "--project", "demo", "--password-stdin", stdin="s3cret\n")
    assert result.exit_code == 0
    assert gateway.requests("POST")[0].body["auth"] == {
        "method": "password",
        "username": "demo",
        "password": "s3cret",
        "project_name": "demo",
    }
    assert stat.S_IMODE(config_of(home).stat().st_mode) == 0o600
    assert TOKEN not in result.stdout + result.stderr
    assert signed_out("whoami", "-o", "value", "-c", "user", "-c", "project").lines == ["demo", "demo"]


def test_the_environment_is_openstacks_own(
    signed_out: Brb, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_APPLICATION_CREDENTIAL_ID", "a1")
    monkeypatch.setenv("OS_APPLICATION_CREDENTIAL_SECRET", "hidden")
    assert signed_out("login").exit_code == 0
    auth = gateway.requests("POST")[0].body["auth"]
    assert auth == {"method": "application_credential", "id": "a1", "secret": "hidden"}


def test_the_administrator_for_emergencies_signs_in_with_a_password_alone(
    signed_out: Brb, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_PASSWORD", "of somebody else")
    assert signed_out("login", "--break-glass", "--password-stdin", stdin="one-time\n").exit_code == 0
    assert gateway.requests("POST")[0].body == {"auth": {"method": "break_glass", "password": "one-time"}}
    without = signed_out("login", "--break-glass")
    assert (without.exit_code, "There is no password" in without.stderr) == (1, True)
    both = signed_out("login", "--break-glass", "--identity-provider", "corp")
    assert (both.exit_code, "not both" in both.stderr) == (1, True)


def test_a_clouds_yaml_names_user_and_keystone(signed_out: Brb, gateway: ScriptedGateway, home: Path) -> None:
    gateway.clouds = [cloud("here", "http://one.example/v3"), cloud("there", "http://two.example/v3")]
    (home / "clouds.yaml").write_text(
        "clouds: {small: {auth: {auth_url: 'http://two.example', username: small, project_name: small}}}"
    )
    (home / "secure.yaml").write_text("clouds: {small: {auth: {password: s3cret}}}")
    assert signed_out("login", "--os-cloud", "small", "--os-clouds-file", str(home / "clouds.yaml")).exit_code == 0
    body = gateway.requests("POST")[0].body
    assert body["cloud"] == "there"
    assert body["auth"]["username"] == "small"
    assert body["auth"]["password"] == "s3cret"


def test_an_entry_that_is_not_in_clouds_yaml_is_named_with_those_that_are(signed_out: Brb, home: Path) -> None:
    (home / "clouds.yaml").write_text("clouds: {a: {}, b: {}}")
    result = signed_out("login", "--os-cloud", "c", "--os-clouds-file", str(home / "clouds.yaml"))
    assert result.exit_code == 3
    assert "There are: a, b" in result.stderr


def test_of_several_clouds_one_has_to_be_chosen(signed_out: Brb, gateway: ScriptedGateway) -> None:
    gateway.clouds = [cloud("here"), cloud("there")]
    result = signed_out("login", "--username", "demo", "--password-stdin", stdin="x\n")
    assert result.exit_code == 1
    assert "--cloud with one of: here, there" in result.stderr


def test_without_a_terminal_nothing_is_asked(signed_out: Brb) -> None:
    result = signed_out("login")
    assert result.exit_code == 1
    assert "--username" in result.stderr


def test_a_refused_sign_in_is_code_4(signed_out: Brb, gateway: ScriptedGateway) -> None:
    gateway.fail_next("POST", "/v1/sessions", 401, "sign_in_refused", "Keystone did not accept them")
    result = signed_out("login", "--username", "demo", "--password-stdin", stdin="x\n")
    assert result.exit_code == 4
    assert "Check the user, password" in result.stderr


def test_signing_out_forgets_the_token(signed_out: Brb, gateway: ScriptedGateway, home: Path) -> None:
    signed_out("login", "--username", "demo", "--password-stdin", stdin="x\n")
    assert signed_out("logout").exit_code == 0
    assert len(gateway.requests("DELETE", "/v1/sessions/current")) == 1
    assert json.loads(config_of(home).read_text())["profiles"]["default"]["token"] is None
    assert signed_out("whoami").exit_code == 4


def test_profiles_are_kept_apart(signed_out: Brb, home: Path) -> None:
    for profile in ("one", "two"):
        signed_out("login", "--profile", profile, "--username", "demo", "--password-stdin", stdin="x\n")
    assert signed_out("profile", "list", "-o", "value", "-c", "name", "-c", "current").lines == ["one\tno", "two\tyes"]
    signed_out("profile", "use", "one")
    assert json.loads(config_of(home).read_text())["current_profile"] == "one"
    assert signed_out("profile", "use", "three").exit_code == 3
    assert TOKEN not in signed_out("profile", "list", "-o", "json").stdout


def test_a_profiles_token_goes_to_no_other_host(signed_out: Brb, gateway: ScriptedGateway) -> None:
    signed_out("login", "--username", "demo", "--password-stdin", stdin="x\n")
    result = signed_out("whoami", "--host", gateway.url.replace("127.0.0.1", "localhost"))
    assert result.exit_code == 4
    assert gateway.requests("GET", "/v1/sessions/current") == []


def test_the_environment_wins_over_the_profile(brb: Brb, gateway: ScriptedGateway, home: Path) -> None:
    config_of(home).parent.mkdir(parents=True)
    config_of(home).write_text(
        json.dumps({"profiles": {"default": {"host": "http://elsewhere.example", "token": "other"}}})
    )
    assert brb("whoami").exit_code == 0
    assert gateway.requests("GET")[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_broken_configuration_says_what_to_do(signed_out: Brb, home: Path) -> None:
    config_of(home).parent.mkdir(parents=True)
    config_of(home).write_text("{")
    result = signed_out("whoami")
    assert result.exit_code == 1
    assert "Correct or remove" in result.stderr
