"""`brb cluster kubeconfig`: printed, written, merged only when asked."""

import stat
from pathlib import Path

import pytest
import yaml

from fakes.scripted_answers import KUBECONFIG
from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb

OTHER = """\
apiVersion: v1
kind: Config
preferences: {colors: true}
clusters: [{name: home, cluster: {server: 'https://192.0.2.1:6443'}}]
users: [{name: me, user: {token: t}}]
contexts: [{name: home, context: {cluster: home, user: me}}]
current-context: home
"""


@pytest.fixture
def ready(brb: Brb, gateway: ScriptedGateway) -> Brb:
    gateway.add("x")
    return brb


def test_it_is_printed_and_no_file_is_touched(ready: Brb, gateway: ScriptedGateway, home: Path) -> None:
    assert ready("cluster", "kubeconfig", "x").stdout == KUBECONFIG
    assert gateway.requests("POST")[0].body == {"expiration_seconds": 43_200}
    assert not (home / ".kube").exists()
    assert ready("cluster", "kubeconfig", "x", "-o", "json").json["current-context"] == "x"


def test_it_is_written_for_the_owner_alone(ready: Brb, home: Path) -> None:
    file = home / "kubeconfig"
    file.write_text("old")
    file.chmod(0o644)
    assert ready("cluster", "kubeconfig", "x", "--output", str(file)).stdout == ""
    assert file.read_text() == KUBECONFIG
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_merging_keeps_all_else_and_the_current_context(ready: Brb, home: Path) -> None:
    file = home / ".kube" / "config"
    file.parent.mkdir()
    file.write_text(OTHER)
    ready("cluster", "kubeconfig", "x", "--merge")
    merged = yaml.safe_load(file.read_text())
    assert [entry["name"] for entry in merged["contexts"]] == ["home", "x"]
    assert merged["current-context"] == "home"
    assert merged["preferences"] == {"colors": True}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_is_made_current_only_when_asked(ready: Brb, home: Path) -> None:
    ready("cluster", "kubeconfig", "x", "--merge")
    file = home / ".kube" / "config"
    assert "current-context" not in yaml.safe_load(file.read_text())
    ready("cluster", "kubeconfig", "x", "--set-current")
    assert yaml.safe_load(file.read_text())["current-context"] == "x"


def test_the_first_file_of_the_environment_is_merged_into_through_its_link(
    ready: Brb, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "real").write_text(OTHER)
    (home / "link").symlink_to(home / "real")
    monkeypatch.setenv("KUBECONFIG", f"{home / 'link'}:{home / 'second'}")
    ready("cluster", "kubeconfig", "x", "--merge")
    assert (home / "link").is_symlink()
    assert "home" in (home / "real").read_text()
    assert "203.0.113.9" in (home / "real").read_text()
    assert not (home / "second").exists()


def test_a_renewed_one_takes_the_place_of_the_old(ready: Brb, home: Path) -> None:
    for _ in range(2):
        ready("cluster", "kubeconfig", "x", "--merge")
    merged = yaml.safe_load((home / ".kube" / "config").read_text())
    assert [len(merged[section]) for section in ("clusters", "users", "contexts")] == [1, 1, 1]


def test_another_cluster_of_the_same_name_is_not_overwritten(ready: Brb, home: Path) -> None:
    file = home / ".kube" / "config"
    file.parent.mkdir()
    file.write_text(OTHER.replace("home", "x"))
    result = ready("cluster", "kubeconfig", "x", "--merge")
    merged = yaml.safe_load(file.read_text())
    assert [entry["name"] for entry in merged["contexts"]] == ["x", "x-c-0000000001"]
    assert merged["contexts"][1]["context"] == {"cluster": "x-c-0000000001", "user": "demo@x-c-0000000001"}
    assert merged["clusters"][0]["cluster"]["server"] == "https://192.0.2.1:6443"
    assert "--context x-c-0000000001" in result.stderr


def test_a_file_that_is_not_a_kubeconfig_is_left_alone(ready: Brb, home: Path) -> None:
    file = home / ".kube" / "config"
    file.parent.mkdir()
    file.write_text("[1, 2]")
    assert ready("cluster", "kubeconfig", "x", "--merge").exit_code == 1
    assert file.read_text() == "[1, 2]"


def test_before_the_api_is_there_it_is_a_conflict(ready: Brb, gateway: ScriptedGateway) -> None:
    path = "/v1/clusters/c-0000000001/kubeconfigs"
    gateway.fail_next("POST", path, 409, "not_initialized", "The cluster's API does not answer yet")
    assert ready("cluster", "kubeconfig", "x").exit_code == 8
