"""Where things are: paths in the container and addresses on the sandbox's Docker network.

The Docker network is a /24. Its lower half belongs to containers (.1 the host, .2 this one, .3 the artifact
mirror). Its upper half is the OpenStack network `public`: .129 is br-ex in this container, the rest floating IPs
and router gateways, for which eth0 answers ARP by proxy. The subnet of `public` is baked into the image.
"""

import os
from pathlib import Path

STATE = Path("/var/lib/brb")
LOGS = Path("/var/log/brb")
RUN = Path("/run/brb")
READY = RUN / "ready"
ASSETS = Path("/opt/brb")
VENV_BIN = Path("/opt/openstack/bin")
BAKED_STATE = ASSETS / "state.tar.zst"
MACHINE_DISK = ASSETS / "debian-12.raw.zst"
MACHINE_IMAGE_ID = ASSETS / "machine-image-id"
CLOUDS_FILE = STATE / "clouds.yaml"

PREFIX = os.environ.get("BRB_SANDBOX_PREFIX", "172.31.77")
ADDRESS = os.environ.get("BRB_SANDBOX_ADDRESS", f"{PREFIX}.2")
"""Where the APIs answer; 127.0.0.1 while the image is baked, and corrected in the database at every start."""
PUBLIC_CIDR = f"{PREFIX}.128/25"
PUBLIC_GATEWAY = f"{PREFIX}.129"
PUBLIC_POOL = (f"{PREFIX}.130", f"{PREFIX}.254")

HOST = "sandbox"
"""Nova's, cinder's and neutron's name of this one host."""

API_PORTS = {
    "keystone": 5000,
    "glance": 9292,
    "placement": 8778,
    "nova": 8774,
    "neutron": 9696,
    "cinder": 8776,
    "octavia": 9876,
}
AUTH_URL = f"http://{ADDRESS}:5000/v3"
LOCAL_AUTH_URL = "http://127.0.0.1:5000/v3"
MARIADB_SOCKET = "/run/mysqld/mysqld.sock"
