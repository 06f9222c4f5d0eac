"""On a real terminal: the live view, the typed name, and Ctrl-C."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from fakes.scripted_answers import TOKEN
from fakes.scripted_clusters import becomes, happens, stays
from fakes.scripted_gateway import ScriptedGateway


@dataclass
class Session:
    process: subprocess.Popen[bytes]
    terminal: int
    shown: str = field(default="")

    def read_until(self, text: str) -> None:
        while text not in self.shown:
            self.shown += os.read(self.terminal, 4096).decode()

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def end(self) -> int:
        with suppress(OSError):
            while chunk := os.read(self.terminal, 4096):
                self.shown += chunk.decode()
        return self.process.wait(timeout=30)


@contextmanager
def on_terminal(gateway: ScriptedGateway, home: Path, *words: str, **more: str) -> Iterator[Session]:
    ours, theirs = pty.openpty()
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "xterm-256color", "COLUMNS": "120"}
    env |= {"BRB_HOST": gateway.url, "BRB_TOKEN": TOKEN, **more}
    command = [sys.executable, "-m", "brb_cli", *words]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=env, preexec_fn=_heed_ctrl_c
    )
    os.close(theirs)
    try:
        yield Session(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        assert process.stdout is not None
        process.stdout.close()


def test_ctrl_c_detaches_and_says_how_to_come_back(gateway: ScriptedGateway, home: Path) -> None:
    gateway.walks.append([becomes("Creating", 42), happens("ServerActive", "10.6.0.4"), stays])
    with on_terminal(gateway, home, "cluster", "create", "x") as session:
        session.read_until("ServerActive")
        session.process.send_signal(signal.SIGINT)
        assert session.end() == 2
        assert "42 %" in session.shown
        assert "Detached from cluster x; the work goes on" in session.shown
        assert "brb wait cluster/x --for=Ready" in session.shown
    assert list(gateway.clusters) == ["c-0000000001"]


def test_the_live_view_shows_the_stages_and_ends_with_the_table_on_stdout(gateway: ScriptedGateway, home: Path) -> None:
    with on_terminal(gateway, home, "cluster", "create", "x", NO_COLOR="1") as session:
        assert session.end() == 0
        assert "✓ ready" in session.shown
        assert session.process.stdout is not None
        assert b"x     Ready" in session.process.stdout.read()
        assert "\033[3" not in session.shown  # cursor movements, but no colours


def test_a_delete_goes_on_after_the_name_is_typed(gateway: ScriptedGateway, home: Path) -> None:
    gateway.add("x")
    with on_terminal(gateway, home, "cluster", "delete", "x") as session:
        session.read_until("Type x to go on: ")
        session.type("x\n")
        assert session.end() == 0
    assert gateway.clusters == {}


def test_another_name_cancels(gateway: ScriptedGateway, home: Path) -> None:
    gateway.add("x")
    with on_terminal(gateway, home, "cluster", "delete", "x") as session:
        session.read_until("Type x to go on: ")
        session.type("y\n")
        assert session.end() == 2
    assert gateway.requests("DELETE") == []


def _heed_ctrl_c() -> None:
    """A shell ignores SIGINT in what it runs in the background, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
