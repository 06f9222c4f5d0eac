"""The platform's side, as a user has it: the `brb` command line, from pressing the button to Ready."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.shape import Shape

REPOSITORY = Path(__file__).resolve().parents[1]
CLOUDS_FILE = REPOSITORY / ".demo" / "clouds.yaml"
GATEWAY = f"http://127.0.0.1:{os.environ.get('BRB_GATEWAY_PORT', '8080')}"
_TIMEOUT_SECONDS = 1200
_NOT_FOUND = 3

Mark = tuple[str, str, str]
"""Where a lap ends on the timeline: its name, the reason of the last event in it, and of which machine or step."""

_MARKS: tuple[Mark, ...] = (
    ("network and servers asked for", "ServerCreated", ""),
    ("servers active", "ServerActive", ""),
    ("control plane answers on SSH", "MachineReached", "-cp-0"),
    ("control plane prepared", "StepDone", "prepare"),
    ("kubeadm init", "KubernetesInitialized", ""),
    ("worker joined", "StepDone", "join"),
    ("cluster Ready", "ClusterReady", ""),
)


@dataclass(frozen=True)
class Timeline:
    """What one button press took, and its laps by the cluster's events."""

    seconds: float
    laps: list[tuple[str, float]]


class Brb:
    """The command line, signed in as one of the sandbox's users. `home` holds its configuration."""

    def __init__(self, home: Path, os_cloud: str) -> None:
        self._environment = os.environ | {"XDG_CONFIG_HOME": str(home), "BRB_HOST": GATEWAY, "NO_COLOR": "1"}
        self.must("login", "--cloud", "sandbox", "--os-cloud", os_cloud, "--os-clouds-file", str(CLOUDS_FILE))

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        program = str(Path(sys.executable).with_name("brb"))
        return subprocess.run(
            [program, *words], capture_output=True, text=True, env=self._environment, timeout=_TIMEOUT_SECONDS
        )

    def must(self, *words: str) -> str:
        ran = self(*words)
        if ran.returncode != 0:
            raise RuntimeError(f"brb {' '.join(words)} ended with {ran.returncode}: {ran.stderr[-2000:]}")
        return ran.stdout

    def remove(self, name: str) -> None:
        """By id, and only if it is there."""
        found = self("cluster", "show", name, "-o", "json")
        if found.returncode == _NOT_FOUND:
            return
        if found.returncode != 0:
            raise RuntimeError(f"Cluster {name} may be left: {found.stderr[-2000:]}")
        self.must("cluster", "delete", json.loads(found.stdout)["metadata"]["id"], "--yes", "--timeout", "15m")


After = Callable[[Brb, str], Timeline]


def time_platform(brb: Brb, shape: Shape, name: str, after: After | None = None) -> list[Timeline]:
    """Makes the cluster, says how long that took, and deletes it, also when it fails or is interrupted.

    `after`: what else is done with the cluster before it is deleted; its timeline comes second.
    """
    try:
        started_at, started = time.time(), time.monotonic()
        brb.must(
            "cluster", "create", name, "--control-planes", "1", "--workers", "1", "--flavor", shape.flavor,
            "--image", shape.image, "--kubernetes-version", shape.kubernetes, "--timeout", "15m", "-o", "json",
        )  # fmt: skip
        seconds = time.monotonic() - started
        events = json.loads(brb.must("cluster", "events", name, "-o", "json"))
        made = Timeline(seconds, parse_laps(events, started_at, seconds))
        return [made, after(brb, name)] if after is not None else [made]
    finally:
        brb.remove(name)


def parse_laps(
    events: list[dict[str, Any]], begin: float, seconds: float, marks: tuple[Mark, ...] = _MARKS
) -> list[tuple[str, float]]:
    """Each lap begins where the one before it ended, the first at `begin` (Unix time). What comes after the last event
    is the last lap."""
    laps: list[tuple[str, float]] = []
    reached = 0.0
    for lap, reason, of in marks:
        found = [_at(event) - begin for event in events if event["reason"] == reason and _is_of(event, lap, of)]
        if found and max(found) > reached:
            laps.append((lap, max(found) - reached))
            reached = max(found)
    return [*laps, ("until the command returns", seconds - reached)]


def _is_of(event: dict[str, Any], lap: str, of: str) -> bool:
    machine = event["machine"] or ""
    if lap.startswith("control plane") and "-cp-" not in machine:
        return False
    return of in f"{machine} {event['message']}"


def _at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()
