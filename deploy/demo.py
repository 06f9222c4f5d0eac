"""Press the button: sign in to the sandbox as the demo user, make the cluster `demo`, leave its kubeconfig.

Run by `make demo` once the sandbox and the platform are up. Running it again shows the cluster that is there.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DEMO = REPOSITORY / ".demo"
KUBECONFIG = DEMO / "kubeconfig"
CLUSTER = "demo"
GATEWAY = f"http://127.0.0.1:{os.environ.get('BRB_GATEWAY_PORT', '8080')}"


def brb(*words: str, stdout: int | None = None) -> str:
    """What it said where `stdout` is a pipe; elsewhere it speaks for itself."""
    command = [str(Path(sys.executable).with_name("brb")), *words]
    ran = subprocess.run(command, env=os.environ | {"BRB_HOST": GATEWAY}, check=True, stdout=stdout, text=True)
    return ran.stdout or ""


def main() -> None:
    started = time.monotonic()
    brb("login", "--cloud", "sandbox", "--os-cloud", "demo", "--os-clouds-file", str(DEMO / "clouds.yaml"))
    if CLUSTER not in brb("cluster", "list", "-o", "value", "-c", "name", stdout=subprocess.PIPE).split():
        brb("cluster", "create", CLUSTER, "--control-planes", "1", "--workers", "2")
    brb("wait", f"cluster/{CLUSTER}", "--for=Ready")
    brb("cluster", "kubeconfig", CLUSTER, "--output", str(KUBECONFIG))
    print(f"""
The cluster {CLUSTER} is Ready after {time.monotonic() - started:.0f} s.
  kubeconfig   {KUBECONFIG}
  API          {GATEWAY}/docs
  demo user    the entry `demo` in {DEMO / "clouds.yaml"}
  next         brb cluster show {CLUSTER} · brb cluster scale {CLUSTER} workers=3 · brb cluster delete {CLUSTER}""")


if __name__ == "__main__":
    main()
