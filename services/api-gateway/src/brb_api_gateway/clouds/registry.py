"""The clouds from the configuration file."""

from brb_api_gateway.errors import invalid, not_found
from brb_shared.clouds import Cloud
from brb_shared.contracts.ids import CloudId
from brb_shared.http import FieldError


class CloudRegistry:
    def __init__(self, clouds: dict[CloudId, Cloud]) -> None:
        self._clouds = clouds

    def all(self) -> dict[CloudId, Cloud]:
        return self._clouds

    def find(self, cloud_id: CloudId) -> Cloud | None:
        return self._clouds.get(cloud_id)

    def require(self, cloud_id: CloudId) -> Cloud:
        """Raises Problem 404."""
        cloud = self._clouds.get(cloud_id)
        if cloud is None:
            raise not_found("cloud")
        return cloud

    def require_choice(self, cloud_id: CloudId | None) -> CloudId:
        """The named cloud, or the only one. Raises Problem 422, naming them."""
        if cloud_id is None and len(self._clouds) == 1:
            return next(iter(self._clouds))
        if cloud_id is None or cloud_id not in self._clouds:
            names = ", ".join(sorted(self._clouds)) or "none is configured"
            raise invalid([FieldError(pointer="/cloud", detail=f"name one of the clouds: {names}")])
        return cloud_id
