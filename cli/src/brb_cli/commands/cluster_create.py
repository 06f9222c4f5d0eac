"""`brb cluster create`."""

from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from brb_cli.api import Api, open_api
from brb_cli.cluster_view import show_cluster_summary
from brb_cli.models import Cluster
from brb_cli.options import DEFAULTS, WAIT, Common, CommonOptions, Waiting, WaitingOptions, parse_pairs
from brb_cli.plan_view import read_plan, require_fit, show_plan
from brb_cli.resolve import find_credential_id
from brb_cli.spec import Machines, render_pools
from brb_cli.terminal import say
from brb_cli.waiting import Goal, wait_for

MACHINES = Group("Machines", sort_key=10)
NETWORK = Group("Network", sort_key=20)
Machine = Parameter(group=MACHINES)
Net = Parameter(group=NETWORK)


def create_cluster(
    name: str,
    /,
    *,
    kubernetes_version: str | None = None,
    credential: str | None = None,
    label: tuple[str, ...] = (),
    deletion_protection: bool = False,
    dry_run: bool = False,
    control_planes: Annotated[int | None, Machine] = None,
    workers: Annotated[int | None, Machine] = None,
    flavor: Annotated[str | None, Machine] = None,
    control_plane_flavor: Annotated[str | None, Machine] = None,
    worker_flavor: Annotated[str | None, Machine] = None,
    image: Annotated[str | None, Machine] = None,
    root_volume_gib: Annotated[int | None, Machine] = None,
    availability_zone: Annotated[str | None, Machine] = None,
    pool: Annotated[tuple[str, ...], Machine] = (),
    api_endpoint: Annotated[Literal["floating_ip", "load_balancer"] | None, Net] = None,
    external_network: Annotated[str | None, Net] = None,
    network_cidr: Annotated[str | None, Net] = None,
    existing_network: Annotated[str | None, Net] = None,
    existing_subnet: Annotated[str | None, Net] = None,
    api_allowed_cidr: Annotated[tuple[str, ...], Net] = (),
    ssh_allowed_cidr: Annotated[tuple[str, ...], Net] = (),
    keep_floating_ip: Annotated[bool, Net] = False,
    waiting: WaitingOptions = WAIT,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Make a cluster and wait until it is Ready. NAME is all that is needed.

    Looks first whether it fits the quota: if not, nothing is made, and the exit code is 6. With -o json stdout is a
    stream of CloudEvents, one a line; the last has the type brb.v1.cli.finished and the cluster as its data.

    Parameters
    ----------
    name
        A DNS label: small letters, digits and hyphens, beginning with a letter.
    kubernetes_version
        Default: the newest supported.
    credential
        Name or id of a credential; default: one is made for this cluster.
    label
        key=value, for people and filters. May be repeated.
    deletion_protection
        Refuse to delete it while this is set.
    dry_run
        Only show what would be made and whether it fits.
    control_planes
        1 or 3; default 1.
    workers
        Default 2.
    flavor
        Of all machines, name or id.
    control_plane_flavor
        Of control planes, name or id.
    worker_flavor
        Of workers, name or id.
    image
        Name or id; Debian or Ubuntu.
    root_volume_gib
        Boot from a volume of this size.
    availability_zone
        Default: the cloud chooses.
    pool
        One more worker pool: name=gpu,quantity=2,flavor=g1,label.tier=gpu. May be repeated.
    api_endpoint
        Default: a floating IP for 1 control plane, a load balancer for 3.
    external_network
        Where floating IPs come from; default: the cloud's only one.
    network_cidr
        IPv4 range of the machines.
    existing_network
        Id of a network to use instead of making one.
    existing_subnet
        Id of a subnet of that network.
    api_allowed_cidr
        Source range that may reach the Kubernetes API. May be repeated.
    ssh_allowed_cidr
        Source range that may reach SSH. May be repeated.
    keep_floating_ip
        On delete, leave the API's floating IP to the project.
    """
    machines = Machines(
        control_planes=control_planes,
        workers=workers,
        flavor=flavor,
        control_plane_flavor=control_plane_flavor,
        worker_flavor=worker_flavor,
        image=image,
        root_volume_gib=root_volume_gib,
        availability_zone=availability_zone,
        pools=pool,
    )
    network = {
        "external_network": external_network,
        "cidr": network_cidr,
        "existing_network": existing_network,
        "existing_subnet": existing_subnet,
        "api_allowed_cidrs": list(api_allowed_cidr),
        "ssh_allowed_cidrs": list(ssh_allowed_cidr),
    }
    with open_api(common) as api:
        spec = {
            "kubernetes_version": kubernetes_version,
            "cloud_credential_id": find_credential_id(api, credential) if credential else None,
            "machine_pools": render_pools(machines),
            "network": _said(network),
            "api_endpoint": api_endpoint,
            "keep_floating_ip": keep_floating_ip,
            "deletion_protection": deletion_protection,
        }
        metadata = {"name": name} | _said({"labels": parse_pairs(label, "--label")})
        body = {"metadata": metadata, "spec": _said(spec)}
        if dry_run:
            show_plan(common, read_plan(api, body))
        else:
            _create_and_wait(api, common, body, waiting)


def _create_and_wait(api: Api, common: Common, body: dict[str, Any], waiting: Waiting) -> None:
    require_fit(read_plan(api, body))
    cluster = create(api, body)
    if waiting.wait:
        cluster = wait_for(api, common, cluster, Goal("Ready", cluster.metadata.generation), waiting.timeout)
    name = cluster.metadata.name
    show_cluster_summary(common, cluster, finished=waiting.wait)
    next_command = f"brb cluster kubeconfig {name} --merge" if waiting.wait else f"brb wait cluster/{name} --for=Ready"
    say(f"Next: {next_command}")


def create(api: Api, body: dict[str, Any]) -> Cluster:
    return Cluster.model_validate(api.create("/v1/clusters", body))


def _said(values: dict[str, Any]) -> dict[str, Any]:
    """Without what was not said: None, nothing, off."""
    return {key: value for key, value in values.items() if value not in (None, False, (), [], {})}
