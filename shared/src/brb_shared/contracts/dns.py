"""Kind `dns`: the names under which what runs in a cluster is reached. Written by the hub, done by the dns service."""

from pydantic import Field

from brb_shared.contracts.base import Contract
from brb_shared.contracts.desired import Desired, Observed
from brb_shared.contracts.tenant import Tenant


class DnsDesired(Desired):
    """The cluster owns all names under its addresses; records under one that is not listed any more are purged."""

    tenant: Tenant
    project: str = Field(description="DNS label of the project in <app>.<project>.<ip>.<zone>: the cluster's name")
    addresses: tuple[str, ...] = Field(description="Public addresses of the cluster, IPv4 or IPv6, in canonical form")


class AppDomain(Contract):
    """Every name below it, at any depth, resolves to the address."""

    address: str
    domain: str = Field(description="<project>.<ip>.<zone>, such as shop.198.51.100.7.web.example.org")


class DnsObserved(Observed):
    """`initialized`: the addresses are the cluster's own in the zone, and its app domains are known."""

    zone: str | None = None
    app_domains: tuple[AppDomain, ...] = ()
