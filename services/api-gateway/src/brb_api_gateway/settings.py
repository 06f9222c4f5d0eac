"""Settings of the api-gateway, besides those that every service has."""

from pydantic import Field

from brb_api_gateway.clusters.world import ALWAYS, DNS, Stages
from brb_shared.settings import ServiceSettings


class Settings(ServiceSettings):
    installer_url: str = Field(default="http://127.0.0.1:8002", description="Where the installer's HTTP API answers")
    dns_url: str = Field(
        default="", description="Where the dns service's HTTP API answers; empty: the platform has no zone of its own"
    )
    kubernetes_versions: tuple[str, ...] = Field(
        default=("1.36.3", "1.35.4"),
        description="Versions that can be installed, as a JSON list; default: both minors that are tested",
    )
    kubernetes_versions_unsupported: dict[str, str] = Field(
        default={}, description="Versions shown as not supported, and why, as a JSON object; default none"
    )
    session_hours: float = Field(
        default=12.0, gt=0, description="Hours a session lasts at most; Keystone's token may end it earlier"
    )
    break_glass: bool = Field(
        default=True,
        description="Whether the break-glass administrator may sign in, with a password made at the command line",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        description="Where browsers reach the platform; OIDC issuers know it with /v1/sign-ins/callback after it",
    )
    oidc_allow_http: bool = Field(
        default=False, description="Whether an OIDC issuer elsewhere than on loopback may be http, not https; for tests"
    )
    oidc_allowed_networks: tuple[str, ...] = Field(
        default=(), description="Internal ranges (CIDR) where OIDC issuers may be all the same; default none"
    )
    idempotency_hours: float = Field(default=24.0, gt=0, description="Hours an Idempotency-Key is remembered")
    retention_days: float = Field(
        default=30.0, gt=0, description="Days that the timeline and deletion report of a deleted cluster are kept"
    )
    watch_history_minutes: float = Field(
        default=60.0, gt=0, description="Minutes back that a watch can be resumed from; older ids answer 410"
    )
    openstack_threads: int = Field(
        default=16, gt=0, description="Calls to OpenStack at the same time; openstacksdk blocks a thread for each"
    )
    openstack_timeout_seconds: float = Field(
        default=15.0, gt=0, description="Seconds that one call to OpenStack may take"
    )
    hub_concurrency: int = Field(default=16, gt=0, description="Clusters that one replica plans at the same time")
    webhook_allowed_networks: tuple[str, ...] = Field(
        default=(), description="Internal ranges (CIDR) that webhooks may reach all the same; default none"
    )
    webhook_retry_seconds: tuple[float, ...] = Field(
        default=(5, 300, 1_800, 7_200, 18_000, 36_000, 50_400),
        description="Seconds between the attempts of a delivery, as a JSON list; after the last it is dead. "
        "Default: eight attempts in 31 hours, Standard Webhooks' schedule",
    )
    webhook_timeout_seconds: float = Field(default=10.0, gt=0, description="Seconds that one delivery may take")

    @property
    def stages(self) -> Stages:
        """What is done for every cluster of this platform."""
        return ALWAYS | {DNS} if self.dns_url else ALWAYS
