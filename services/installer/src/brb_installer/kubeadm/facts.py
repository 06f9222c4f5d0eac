"""What the machine said of itself (`scripts/facts.sh`)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NodeFacts:
    os: str = "debian"
    os_version: str = ""
    in_container: bool = False
    """A system container: it shares kernel, sysctls and swap with its host."""
    cgroup_version: int = 2
    has_sys_resource: bool = True
    resolv_conf: str = "/etc/resolv.conf"

    @property
    def cgroup_driver(self) -> str:
        """systemd, except where systemd in a container cannot make units on cgroup v1's hierarchies."""
        return "cgroupfs" if self.in_container and self.cgroup_version == 1 else "systemd"


def parse_facts(output: str) -> NodeFacts:
    found = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    return NodeFacts(
        os=found.get("os", ""),
        os_version=found.get("os_version", ""),
        in_container=found.get("container", "none") not in ("", "none"),
        cgroup_version=int(found.get("cgroup_version", "2")),
        has_sys_resource=found.get("sys_resource", "yes") == "yes",
        resolv_conf=found.get("resolv_conf") or "/etc/resolv.conf",
    )
