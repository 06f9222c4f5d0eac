"""`brb cloud`, `credential`, `webhook`, `doctor`, `completion`, and the help."""

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb


def test_clouds_are_listed_without_signing_in(
    brb: Brb, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRB_TOKEN")
    assert brb("cloud", "list", "-o", "name").stdout == "sandbox\n"


def test_choices_are_those_of_the_cloud_one_is_signed_in_to(brb: Brb) -> None:
    out = brb("cloud", "choices").stdout
    assert "1.36.3" in out
    assert "Availability zones: nova" in out
    assert brb("cloud", "choices", "--kind", "flavors", "-o", "name").stdout == "m1.small\n"
    assert brb("cloud", "choices", "-o", "json").json["cloud"] == "sandbox"


def test_a_credential_is_made_listed_and_deleted(brb: Brb, gateway: ScriptedGateway) -> None:
    assert brb("credential", "create", "team", "-o", "name").stdout == "team\n"
    assert brb("credential", "list", "-o", "name").stdout == "team\n"
    assert brb("credential", "delete", "team", "--yes").exit_code == 0
    assert brb("credential", "delete", "team", "--yes").exit_code == 3
    assert gateway.credentials == []


def test_an_application_credentials_secret_comes_from_stdin(brb: Brb, gateway: ScriptedGateway) -> None:
    brb("credential", "create", "team", "--application-credential-id", "a1", "--secret-stdin", stdin="hidden\n")
    assert gateway.requests("POST")[0].body == {
        "name": "team",
        "application_credential_id": "a1",
        "application_credential_secret": "hidden",
    }


def test_an_api_token_is_shown_once_listed_and_revoked(brb: Brb, gateway: ScriptedGateway) -> None:
    made = brb("token", "create", "ci", "--verb", "get", "--verb", "list", "--resource", "clusters", "-o", "name")
    assert made.stdout == "brb_t_shown-once\n"
    assert gateway.requests("POST")[0].body == {
        "name": "ci",
        "expires_in_days": 90,
        "verbs": ["get", "list"],
        "resources": ["clusters"],
    }
    listed = brb("token", "list")
    assert "ci" in listed.stdout
    assert "shown-once" not in listed.stdout
    assert brb("token", "revoke", "ci", "--yes").exit_code == 0
    assert brb("token", "revoke", "ci", "--yes").exit_code == 3
    assert gateway.api_tokens == []


def test_webhooks_are_made_changed_delivered_again_and_deleted(brb: Brb, gateway: ScriptedGateway) -> None:
    made = brb("webhook", "create", "https://hooks.example/brb", "--event", "kubernetes.*")
    assert "whsec_" in made.stdout
    assert gateway.requests("POST")[0].body["event_types"] == ["kubernetes.*"]
    assert brb("webhook", "list", "-o", "name").stdout == "wh-1\n"
    assert brb("webhook", "update", "wh-1", "--no-enabled", "-o", "json").json["enabled"] is False
    assert "dead" in brb("webhook", "deliveries", "wh-1", "--state", "dead").stdout
    assert brb("webhook", "redeliver", "wh-1", "d-1", "-o", "name").stdout == "d-1\n"
    assert brb("webhook", "delete", "wh-1").exit_code == 1
    assert brb("webhook", "delete", "wh-1", "--yes").exit_code == 0


def test_a_doctor_who_finds_all_well(brb: Brb) -> None:
    result = brb("doctor", "-o", "json")
    assert result.exit_code == 0
    findings = {finding["check"]: finding["result"] for finding in result.json}
    assert {findings[check] for check in ("API", "Platform", "Sign-in", "Cloud")} == {"ok"}


def test_a_doctor_who_finds_no_api(brb: Brb) -> None:
    result = brb("doctor", "--host", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert "Failed: API" in result.stderr


def test_a_doctor_who_finds_a_readable_token(brb: Brb, home: Path) -> None:
    file = home / "config" / "brb" / "config.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    file.chmod(0o644)
    assert f"chmod 600 {file}" in brb("doctor").stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_asks_brb_for_candidates(brb: Brb, shell: str) -> None:
    assert "brb __words --" in brb("completion", shell).stdout


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["clu"], ["cluster"]),
        (["cluster", "sc"], ["scale"]),
        (["cluster", "show", ""], ["alpha", "beta"]),
        (["cluster", "scale", "a"], ["alpha"]),
        (["cluster", "show", "-o", ""], ["json", "name", "table", "value", "yaml"]),
        (["cluster", "delete", "--li"], ["--list"]),
        (["cluster", "delete", "--yes", "b"], ["beta"]),
        (["wait", ""], ["cluster/alpha", "cluster/beta"]),
        (["cluster", "create", "x", "--flavor", ""], ["m1.small"]),
        (["cluster", "create", "x", "--kubernetes-version", "1"], ["1.36.3"]),
        (["cloud", "choices", ""], ["sandbox"]),
        (["completion", "z"], ["zsh"]),
        (["nothing", "like", "it"], []),
    ],
)
def test_tab_completes_commands_options_and_live_names(
    brb: Brb, gateway: ScriptedGateway, words: list[str], found: list[str]
) -> None:
    gateway.add("alpha", "c-0000000001")
    gateway.add("beta", "c-0000000002")
    assert brb("__words", "--", *words).lines == found


def test_tab_says_nothing_where_nobody_is_signed_in(brb: Brb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRB_TOKEN")
    result = brb("__words", "--", "cluster", "show", "")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_bash_understands_its_script(brb: Brb) -> None:
    script = brb("completion", "bash").stdout
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_the_help_names_every_command_and_loads_none() -> None:
    program = (
        "import sys; from brb_cli.__main__ import run; code = run(['--help']);"
        "print(sorted(set(sys.modules) & {'httpx', 'pydantic', 'yaml', 'brb_cli.api'})); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
    assert "Exit codes: 0 ok" in done.stdout


def test_a_commands_own_help_is_its_whole_docstring(brb: Brb) -> None:
    out = brb("cluster", "create", "--help").stdout
    assert "stream of CloudEvents" in " ".join(out.split())
    assert "--kubernetes-version" in out
