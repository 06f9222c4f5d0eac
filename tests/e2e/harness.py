"""What the end-to-end tests use: the `brb` command line, kubectl, the sandbox's listing, the platform's containers.

All of it is what a user or an operator would use himself. Waiting is done by `brb` (on the watch) and by kubectl.
"""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.message
import dns.query

REPOSITORY = Path(__file__).resolve().parents[2]
CLOUDS_FILE = REPOSITORY / ".demo" / "clouds.yaml"
GATEWAY = f"http://127.0.0.1:{os.environ.get('BRB_GATEWAY_PORT', '8080')}"
DNS_PORT = int(os.environ.get("BRB_DNS_PORT", "5353"))
MIRROR = os.environ.get("BRB_SANDBOX_MIRROR", "http://172.31.77.3")
IMAGES = os.environ.get("BRB_SANDBOX_IMAGES", "172.31.77.3:5000/kubernetes")
KUBERNETES = "1.36.3"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def run(*command: str | Path, env: dict[str, str] | None = None, timeout: float = 900) -> Ran:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=timeout, env=env, cwd=REPOSITORY
    )
    return Ran(done.returncode, done.stdout, done.stderr)


class Brb:
    """The command line, signed in as one of the sandbox's users."""

    def __init__(self, home: Path, os_cloud: str) -> None:
        self._env = os.environ | {"XDG_CONFIG_HOME": str(home), "BRB_HOST": GATEWAY, "NO_COLOR": "1"}
        self.must("login", "--cloud", "sandbox", "--os-cloud", os_cloud, "--os-clouds-file", str(CLOUDS_FILE))

    def __call__(self, *words: str, timeout: float = 900) -> Ran:
        return run(Path(sys.executable).with_name("brb"), *words, env=self._env, timeout=timeout)

    def must(self, *words: str, timeout: float = 900) -> str:
        ran = self(*words, timeout=timeout)
        assert ran.code == 0, f"brb {' '.join(words)} → {ran.code}\n{ran.out}\n{ran.err}"
        return ran.out

    def json(self, *words: str) -> Any:
        return json.loads(self.must(*words, "-o", "json"))

    def state(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.json("cluster", "show", name)
        return found

    def delete_if_there(self, name: str) -> None:
        if self("cluster", "show", name).code == 0:
            self.must("cluster", "delete", name, "--yes", "--timeout", "600")


class Kubectl:
    """kubectl from the artifact mirror, with one cluster's kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        self._program = _kubectl()
        self._kubeconfig = kubeconfig

    def __call__(self, *words: str, stdin: str | None = None) -> Ran:
        done = subprocess.run(
            [self._program, "--kubeconfig", self._kubeconfig, *words],
            input=stdin, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def must(self, *words: str, stdin: str | None = None) -> str:
        ran = self(*words, stdin=stdin)
        assert ran.code == 0, f"kubectl {' '.join(words)} → {ran.code}\n{ran.out}\n{ran.err}"
        return ran.out

    def json(self, *words: str) -> Any:
        return json.loads(self.must(*words, "-o", "json"))

    def nodes(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.json("get", "nodes")["items"]
        return items


def _kubectl() -> Path:
    program = REPOSITORY / ".demo" / f"kubectl-{KUBERNETES}"
    if not program.exists():
        part = program.with_suffix(".part")
        urllib.request.urlretrieve(f"{MIRROR}/v{KUBERNETES}/bin/linux/amd64/kubectl", part)
        part.chmod(0o755)
        part.rename(program)
    return program


def listing(os_cloud: str) -> dict[str, list[str]]:
    """Everything that the project owns in the sandbox."""
    ran = run(sys.executable, REPOSITORY / "sandbox" / "listing", os_cloud)
    assert ran.code == 0, ran.err
    found: dict[str, list[str]] = json.loads(ran.out)
    return found


def compose(*words: str) -> Ran:
    """docker compose on the platform."""
    return run(REPOSITORY / "deploy" / "up", "compose", *words)


def resolve(name: str, type_: str = "A") -> list[str]:
    """What the platform's name server answers, as text."""
    query = dns.message.make_query(name, type_)
    answer = dns.query.udp(query, "127.0.0.1", port=DNS_PORT, timeout=5)
    return [value.to_text() for rrset in answer.answer for value in rrset]


def eventually(condition: Callable[[], bool], *, seconds: float, what: str) -> None:
    """Poll an outside condition; the bound is for failing, not for waiting."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.5)


def ready(node: dict[str, Any]) -> bool:
    return any(
        condition["type"] == "Ready" and condition["status"] == "True" for condition in node["status"]["conditions"]
    )
