"""Print the platform's clouds file for the sandbox, from the clouds.yaml that the sandbox wrote.

sandbox_clouds.py .demo/clouds.yaml > clouds-for-the-platform.yaml
"""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

OPERATOR_FIELDS = ("username", "password", "user_domain_name", "project_name", "project_domain_name")


def sandbox_cloud(clouds_yaml: dict[str, Any]) -> dict[str, Any]:
    """The sandbox's load balancers are OVN's, and its guests resolve names with the sandbox's own resolver."""
    operator = clouds_yaml["clouds"]["operator"]
    return {
        "display_name": "Sandbox",
        "auth_url": operator["auth"]["auth_url"],
        "region_name": operator["region_name"],
        "dns_nameservers": [urlsplit(operator["auth"]["auth_url"]).hostname],
        "lb_provider": "ovn",
        "lb_method": "SOURCE_IP_PORT",
        "operator": {name: operator["auth"][name] for name in OPERATOR_FIELDS if name in operator["auth"]},
    }


def main() -> None:
    clouds_yaml = yaml.safe_load(Path(sys.argv[1]).read_text())
    yaml.safe_dump({"clouds": {"sandbox": sandbox_cloud(clouds_yaml)}}, sys.stdout, sort_keys=False)


if __name__ == "__main__":
    main()
