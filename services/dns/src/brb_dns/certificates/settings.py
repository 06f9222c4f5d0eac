"""Settings of the certificates; the service's own settings inherit them."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from brb_shared.settings import ServiceSettings

_OptionalFile = Annotated[Path | None, BeforeValidator(lambda value: value or None)]
"""Empty is none: a variable of compose is always there."""


class AcmeSettings(ServiceSettings):
    acme_directory_url: str = Field(
        default="",
        description="Directory of the certificate authority, such as https://acme-v02.api.letsencrypt.org/directory; "
        "setting it is agreeing to its terms of service. Empty: no certificates",
    )
    acme_contact: str = Field(default="", description="Mail address that the authority may write to; may be empty")
    acme_external_account_file: _OptionalFile = Field(
        default=None, description='JSON {"kid", "hmac_key"} (base64url) for authorities that want an external account'
    )
    acme_ca_file: _OptionalFile = Field(
        default=None, description="PEM of the roots that the directory's own TLS is checked against; default: the usual"
    )
    acme_profile: str = Field(
        default="", description="Profile to ask for, such as shortlived; empty: the authority's own choice"
    )
    acme_renewal_fraction: float = Field(
        default=2 / 3,
        gt=0.1,
        lt=1,
        description="Part of its life after which a certificate is renewed, where the authority gives no advice",
    )
    acme_ask_for_renewal_time: bool = Field(
        default=True, description="Ask the authority when to renew (RFC 9773); false: always by the fraction"
    )
    acme_revoke: bool = Field(
        default=True, description="Revoke what is still valid when its owner goes: the address may go to another"
    )
    acme_zone_servers: tuple[str, ...] = Field(
        default=(),
        description="Servers of the zone (`host` or `host:port`, as a JSON list) that have to show a challenge "
        "before the authority is asked to look; default: the addresses of BRB_DNS_NAMESERVERS, port 53",
    )
    acme_concurrency: int = Field(default=8, ge=1, description="Certificates worked on at the same time by one process")
    acme_timeout_seconds: float = Field(
        default=20.0, description="For one request to the authority; a third of a pass, so that a pass survives it"
    )
    acme_threads: int = Field(
        default=4, ge=1, description="Requests to the authority at the same time; its library blocks a thread for each"
    )
    acme_poll_interval: timedelta = Field(
        default=timedelta(seconds=1),
        description="How soon to look again at what the authority or the zone works on; less often as an order ages",
    )
    acme_order_timeout: timedelta = Field(
        default=timedelta(hours=1), description="An order that is not done after this is given up and made anew"
    )
    acme_orders_per_3_hours: int = Field(
        default=300, ge=0, description="Own limit of new orders in 3 hours, Let's Encrypt's by default; 0: none"
    )
    acme_certificates_per_week: int = Field(
        default=50,
        ge=0,
        description="Own limit of new certificates for a registered domain in 7 days, Let's Encrypt's; 0: none",
    )
    acme_duplicates_per_week: int = Field(
        default=5, ge=0, description="Own limit of certificates of the same names in 7 days; 0: none"
    )
    acme_failures_per_hour: int = Field(
        default=4,
        ge=0,
        description="Own limit of failed validations of a name in an hour (the authority's: 5); 0: none",
    )
    acme_parent_resolver: str = Field(
        default="",
        description="Address of a resolver to look up CAA records above the zone with; empty: only the zone's are read",
    )
