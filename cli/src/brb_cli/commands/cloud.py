"""`brb cloud`."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from brb_cli.api import open_api
from brb_cli.options import DEFAULTS, Common, CommonOptions
from brb_cli.output import Column, column, print_line, show_list, show_one

COLUMNS = (
    column("Id", "id"),
    column("Name", "display_name"),
    column("Auth URL", "auth_url"),
    column("Region", "region_name"),
)
Kind = Literal["flavors", "images", "networks", "external_networks", "kubernetes_versions", "quotas"]
CHOICE_COLUMNS: dict[str, tuple[Column, ...]] = {
    "kubernetes_versions": (
        column("Version", "version"),
        column("Supported", "supported"),
        column("Default", "default"),
        column("Reason", "reason"),
    ),
    "flavors": (
        column("Name", "name"),
        column("vCPUs", "vcpus"),
        column("Memory MiB", "memory_mib"),
        column("Disk GiB", "disk_gib"),
        column("Id", "id"),
    ),
    "images": (
        column("Name", "name"),
        column("Distribution", "distribution"),
        column("Supported", "supported"),
        column("Disk GiB", "minimum_disk_gib"),
        column("Id", "id"),
    ),
    "networks": (column("Name", "name"), column("Id", "id"), column("Subnets", "subnet_ids")),
    "external_networks": (column("Name", "name"), column("Id", "id"), column("Subnets", "subnet_ids")),
    "quotas": (
        column("Resource", "resource"),
        column("Limit", "limit"),
        column("Used", "used"),
        column("Free", "free"),
    ),
}


def list_clouds(*, common: CommonOptions = DEFAULTS) -> None:
    """The clouds that one can sign in to. Needs no sign-in."""
    with open_api(common, signed_in=False) as api:
        show_list(common, list(api.items("/v1/clouds")), COLUMNS, name="id")


def show_choices(
    cloud: str | None = None,
    /,
    *,
    kind: Annotated[Kind | None, Parameter(name="--kind")] = None,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Flavors, images, networks, Kubernetes versions and quotas of your project.

    Parameters
    ----------
    cloud
        The cloud; default: the one you are signed in to.
    kind
        Only these; -c, -o name and -o value need it.
    """
    with open_api(common) as api:
        cloud_id = cloud or api.get("/v1/sessions/current").body["cloud"]
        choices: dict[str, Any] = api.get(f"/v1/clouds/{cloud_id}/choices").body
    if kind is not None:
        name = {"kubernetes_versions": "version", "quotas": "resource"}.get(kind, "name")
        show_list(common, choices[kind], CHOICE_COLUMNS[kind], name=name)
    elif common.format == "table":
        _show_all(common, choices)
    else:
        show_one(common, choices, (column("Cloud", "cloud"),), name="cloud")


def _show_all(common: Common, choices: dict[str, Any]) -> None:
    for kind, columns in CHOICE_COLUMNS.items():
        print_line(kind.replace("_", " ").capitalize())
        show_list(common, choices[kind], columns)
        print_line("")
    print_line(f"Availability zones: {', '.join(choices['availability_zones'])}")
    print_line(f"Load balancers: {'yes' if choices['load_balancers'] else 'no'}")
