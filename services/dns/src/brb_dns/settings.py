"""Settings of the dns service, read once in `app.py`.

`DnsSettings` is for `migrate`, `serve` and `work`; `AnswerSettings` for the processes that answer queries: they have no
database and go on without all the rest. How these answer is in `server.settings`.
"""

from pydantic import Field, SecretStr

from brb_dns.certificates.settings import AcmeSettings
from brb_dns.records.editing import Limits
from brb_dns.zone.config import DomainName, Nameserver, ZoneConfig
from brb_dns.zone.networks import AllowedNetworks, Network
from brb_shared.settings import ServiceSettings


class ZoneSettings(ServiceSettings):
    """The zone itself: the same for who keeps its records and who answers for it."""

    port: int = Field(default=8003, description="TCP port the HTTP API listens on")
    dns_zone: DomainName = Field(description="The zone that is delegated to this service, such as web.example.org")
    dns_networks: tuple[Network, ...] = Field(
        default=(),
        description="Networks (CIDR, as a JSON list) that names are answered for: the clouds' floating IP ranges. "
        "Never loopback, link-local or multicast. Default: none",
    )
    dns_nameservers: tuple[Nameserver, ...] = Field(
        default=(),
        description='The zone\'s servers, as a JSON list of {"name", "addresses"}: NS records and glue; '
        "default: ns1 of the zone, without an address",
    )
    dns_hostmaster: str = Field(default="", description="Mail address in the SOA; default: hostmaster@ the zone")
    dns_caa: tuple[str, ...] = Field(
        default=(), description='CAA records of the zone, as a JSON list of texts such as `0 issue "letsencrypt.org"`'
    )

    @property
    def zone_config(self) -> ZoneConfig:
        return ZoneConfig(
            origin=self.dns_zone,
            nameservers=self.dns_nameservers,
            hostmaster=self.dns_hostmaster,
            networks=self.dns_networks,
            caa=self.dns_caa,
        )

    @property
    def allowed_networks(self) -> AllowedNetworks:
        return AllowedNetworks(self.dns_networks)


class DnsSettings(ZoneSettings, AcmeSettings):
    dns_records_per_owner: int = Field(
        default=500, gt=0, description="Records that a cluster may have, and a project besides its clusters"
    )
    dns_hostnames_per_tenant: int = Field(
        default=100, gt=0, description="User hostnames (<name>.apps.<zone>) that a project may have"
    )
    dns_keys_per_tenant: int = Field(default=20, gt=0, description="TSIG keys that a project may have")
    loop_concurrency: int = Field(default=16, description="Clusters worked on at the same time by one process")

    @property
    def limits(self) -> Limits:
        return Limits(
            zone=self.dns_zone,
            records_per_owner=self.dns_records_per_owner,
            hostnames_per_tenant=self.dns_hostnames_per_tenant,
        )


class AnswerSettings(ZoneSettings):
    database_url: SecretStr = Field(default=SecretStr(""), description="Not used: these processes have no database")
    dns_url: str = Field(default="http://127.0.0.1:8003", description="Where the dns service's HTTP API answers")
    dns_signed_messages: int = Field(
        default=16,
        gt=0,
        description="Signed messages (RFC 2136) passed on at the same time; others get SERVFAIL",
    )
