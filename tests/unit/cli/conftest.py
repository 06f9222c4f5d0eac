"""The command line against a gateway over real HTTP, in virtual time."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from brb_cli.__main__ import run
from brb_cli.clock import CLOCK
from fakes.scripted_answers import TOKEN
from fakes.scripted_gateway import ScriptedGateway

OPENAPI = Path(__file__).parents[3] / "docs" / "openapi.json"


@dataclass(frozen=True)
class Result:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()


class VirtualClock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


Brb = Callable[..., Result]


@pytest.fixture(scope="session")
def openapi() -> Any:
    return json.loads(OPENAPI.read_text())


@pytest.fixture
def gateway(openapi: Any) -> Iterator[ScriptedGateway]:
    with ScriptedGateway(openapi) as running:
        yield running
    assert running.violations == []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; nothing of the developer's own environment gets in."""
    for name in ("OS_CLOUD", "OS_USERNAME", "OS_PASSWORD", "BRB_HOST", "BRB_TOKEN", "BRB_PROFILE", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def brb(
    home: Path, gateway: ScriptedGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Brb]:
    """Runs a command, signed in through BRB_TOKEN."""
    monkeypatch.setenv("BRB_HOST", gateway.url)
    monkeypatch.setenv("BRB_TOKEN", TOKEN)
    token = CLOCK.set(VirtualClock())

    def call(*words: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        exit_code = run(words)
        out, err = capsys.readouterr()
        return Result(exit_code, out, err)

    yield call
    CLOCK.reset(token)
