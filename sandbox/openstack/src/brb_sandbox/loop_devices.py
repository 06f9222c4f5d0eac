"""Detach this sandbox's loop devices: `python -m brb_sandbox.loop_devices`, run before the container is removed.

Loop devices belong to the host's kernel and outlive the container. Only those with a file below STATE are ours.
"""

import json
import subprocess

from brb_sandbox.commands import run
from brb_sandbox.places import STATE


def main() -> None:
    listed = json.loads(run("losetup", "--list", "--json", "--output", "NAME,BACK-FILE") or '{"loopdevices": []}')
    for device in listed["loopdevices"]:
        if (device["back-file"] or "").startswith(f"{STATE}/"):
            subprocess.run(("losetup", "--detach", device["name"]), check=True)


if __name__ == "__main__":
    main()
