"""What can be chosen, and the Kubernetes versions that this platform installs."""

from brb_api_gateway.clouds.registry import CloudRegistry
from brb_api_gateway.clouds.schemas import Choices, CloudView
from brb_api_gateway.clouds.versions import Versions
from brb_api_gateway.errors import cloud_problems, not_found
from brb_api_gateway.openstack.cloud import Catalogue, OpenStack
from brb_api_gateway.sessions.principal import Principal
from brb_api_gateway.sessions.service import SessionService
from brb_shared.clouds import Cloud
from brb_shared.contracts.ids import CloudId


class ChoiceService:
    def __init__(
        self, clouds: CloudRegistry, openstack: OpenStack, sessions: SessionService, versions: Versions
    ) -> None:
        self._clouds = clouds
        self._openstack = openstack
        self._sessions = sessions
        self.versions = versions

    def clouds(self) -> list[CloudView]:
        return [_view(cloud_id, cloud) for cloud_id, cloud in sorted(self._clouds.all().items())]

    async def choices(self, principal: Principal, cloud_id: CloudId) -> Choices:
        """Raises Problem 404 if the session is of another cloud, 503 if the cloud does not answer."""
        if cloud_id != principal.require_tenant().cloud:
            raise not_found("cloud, or this session is of another one,")
        found = await self.catalogue(principal)
        return Choices(
            cloud=cloud_id,
            flavors=list(found.flavors),
            images=list(found.images),
            networks=list(found.networks),
            external_networks=list(found.external_networks),
            availability_zones=list(found.availability_zones),
            kubernetes_versions=self.versions.choices(),
            load_balancers=found.load_balancers,
            quotas=list(found.quotas),
        )

    def cloud(self, cloud_id: CloudId) -> Cloud:
        """Raises Problem 404."""
        return self._clouds.require(cloud_id)

    async def catalogue(self, principal: Principal) -> Catalogue:
        token = await self._sessions.keystone_token(principal)
        with cloud_problems():
            return await self._openstack.catalogue(self.cloud(principal.require_tenant().cloud), token)


def _view(cloud_id: CloudId, cloud: Cloud) -> CloudView:
    return CloudView(
        id=cloud_id, display_name=cloud.display_name, auth_url=cloud.auth_url, region_name=cloud.region_name
    )
