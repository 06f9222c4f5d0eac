"""What the tests do behind the platform's back: in the cloud as its user, on the machines as root, to the mirror."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openstack

from e2e.harness import CLOUDS_FILE, Ran, eventually, run

OPENSTACK = "brb-sandbox-openstack"
MIRROR = "brb-sandbox-mirror"


class Machine:
    """One server of the sandbox, entered from below: it works whatever its network and sshd do."""

    def __init__(self, server_id: str) -> None:
        self.server_id = server_id

    def __call__(self, script: str) -> Ran:
        inside = ("runc", "--root", "/run/brb-runc", "exec", self.server_id, "/bin/sh", "-c", script)
        return run("docker", "exec", OPENSTACK, *inside)

    def must(self, script: str) -> str:
        ran = self(script)
        assert ran.code == 0, f"{script} → {ran.code}\n{ran.out}\n{ran.err}"
        return ran.out

    @contextmanager
    def other_host_key(self) -> Iterator[None]:
        """sshd shows a key that nobody has heard of."""
        self.must(
            "cd /etc/ssh && mkdir kept && mv ssh_host_*_key* kept/"
            " && ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key && systemctl restart ssh"
        )
        try:
            yield
        finally:
            self.must("cd /etc/ssh && mv kept/* . && rmdir kept && systemctl restart ssh")

    @contextmanager
    def busy_port(self, port: int) -> Iterator[None]:
        """Something else listens where the control plane wants to."""
        self.must(f"systemd-run --quiet --unit=squatter python3 -m http.server {port}")
        try:
            yield
        finally:
            self.must("systemctl stop squatter")


class Project:
    """The cloud as the user sees it."""

    def __init__(self, os_cloud: str) -> None:
        config = openstack.config.OpenStackConfig(config_files=[str(CLOUDS_FILE)])
        self.sdk: Any = openstack.connection.Connection(config=config.get_one(os_cloud))

    def close(self) -> None:
        self.sdk.close()

    def credentials(self) -> dict[str, str]:
        """Application credentials: name to id."""
        found = self.sdk.identity.application_credentials(self.sdk.current_user_id)
        return {each.name: each.id for each in found}

    def revoke(self, name: str) -> None:
        self.sdk.identity.delete_application_credential(self.sdk.current_user_id, self.credentials()[name])

    @contextmanager
    def unplugged(self, server_id: str) -> Iterator[None]:
        """The server's port is down: nothing comes through."""
        (port,) = self.sdk.network.ports(device_id=server_id)
        self.sdk.network.update_port(port, admin_state_up=False)
        try:
            yield
        finally:
            self.sdk.network.update_port(port, admin_state_up=True)

    def delete_server(self, server_id: str) -> None:
        self.sdk.compute.delete_server(server_id, force=True)


@contextmanager
def mirror_stopped() -> Iterator[None]:
    assert run("docker", "stop", "--time", "1", MIRROR).code == 0
    try:
        yield
    finally:
        assert run("docker", "start", MIRROR).code == 0
        eventually(_mirror_answers, seconds=30, what="the mirror answers again")


def _mirror_answers() -> bool:
    return run("docker", "inspect", "--format", "{{.State.Running}}", MIRROR).out.strip() == "true"
