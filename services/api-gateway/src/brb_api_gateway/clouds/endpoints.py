"""/v1/clouds: which clouds there are, and what can be chosen in them."""

from typing import Annotated

from fastapi import Depends, Request

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.clouds.schemas import Choices, CloudView
from brb_api_gateway.clouds.service import ChoiceService
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import CloudId

router = new_router("/v1/clouds", "clouds")


def _service(request: Request) -> ChoiceService:
    service: ChoiceService = request.app.state.choices
    return service


ChoicesOf = Annotated[ChoiceService, Depends(_service)]


@router.get("", summary="The clouds that one can sign in to", **declares(Verb.LIST, Resource.CLOUDS, public=True))
async def list_clouds(choices: ChoicesOf) -> Page[CloudView]:
    """Open to those who have not signed in: it is what the sign-in form offers."""
    return Page(items=choices.clouds())


@router.get("/{cloud_id}/choices", summary="What a form can offer", **declares(Verb.GET, Resource.CHOICES, 404))
async def get_choices(cloud_id: CloudId, principal: SignedIn, choices: ChoicesOf) -> Choices:
    """Flavors, images, networks, zones, Kubernetes versions and quotas, as the signed-in user's project has them.

    404: the session is of another cloud.
    """
    return await choices.choices(principal, cloud_id)
