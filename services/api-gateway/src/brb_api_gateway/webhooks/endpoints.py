"""/v1/webhooks: who is told, and what became of each delivery."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.webhooks.schemas import (
    DeliveryState,
    DeliveryView,
    WebhookCreate,
    WebhookCreated,
    WebhookPatch,
    WebhookView,
)
from brb_api_gateway.webhooks.service import WebhookService
from brb_shared.contracts.bodies import Page
from brb_shared.http.parameters import PageSize, PageToken

router = new_router("/v1/webhooks", "webhooks")


def _service(request: Request) -> WebhookService:
    service: WebhookService = request.app.state.webhooks
    return service


Webhooks = Annotated[WebhookService, Depends(_service)]


@router.post(
    "", status_code=status.HTTP_201_CREATED, summary="Register a webhook", **declares(Verb.CREATE, Resource.WEBHOOKS)
)
async def create_webhook(
    body: WebhookCreate, principal: SignedIn, webhooks: Webhooks, response: Response
) -> WebhookCreated:
    """Deliveries are signed after Standard Webhooks. 422: the URL leads to an internal address."""
    created = await webhooks.create(principal, body)
    response.headers["Location"] = f"/v1/webhooks/{created.id}"
    return created


@router.get("", summary="The project's webhooks", **declares(Verb.LIST, Resource.WEBHOOKS))
async def list_webhooks(principal: SignedIn, webhooks: Webhooks) -> Page[WebhookView]:
    return Page(items=await webhooks.list(principal.require_tenant()))


@router.get("/{webhook_id}", summary="One webhook", **declares(Verb.GET, Resource.WEBHOOKS, 404))
async def get_webhook(webhook_id: str, principal: SignedIn, webhooks: Webhooks) -> WebhookView:
    return await webhooks.get(principal.require_tenant(), webhook_id)


@router.patch("/{webhook_id}", summary="Change a webhook", **declares(Verb.PATCH, Resource.WEBHOOKS, 404))
async def patch_webhook(webhook_id: str, body: WebhookPatch, principal: SignedIn, webhooks: Webhooks) -> WebhookView:
    return await webhooks.patch(principal.require_tenant(), webhook_id, body)


@router.delete(
    "/{webhook_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a webhook and its deliveries",
    **declares(Verb.DELETE, Resource.WEBHOOKS, 404),
)
async def delete_webhook(webhook_id: str, principal: SignedIn, webhooks: Webhooks) -> None:
    await webhooks.delete(principal.require_tenant(), webhook_id)


@router.get("/{webhook_id}/deliveries", summary="Deliveries", **declares(Verb.LIST, Resource.WEBHOOK_DELIVERIES, 404))
async def list_deliveries(
    webhook_id: str,
    principal: SignedIn,
    webhooks: Webhooks,
    state: Annotated[DeliveryState | None, Query(description="`dead` lists the dead letters")] = None,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> Page[DeliveryView]:
    """Newest first."""
    return await webhooks.deliveries(
        principal.require_tenant(), webhook_id, state=state, page_size=page_size, page_token=page_token
    )


@router.post(
    "/{webhook_id}/deliveries/{delivery_id}/redeliveries",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Deliver again",
    **declares(Verb.CREATE, Resource.WEBHOOK_DELIVERIES, 404),
)
async def create_redelivery(webhook_id: str, delivery_id: str, principal: SignedIn, webhooks: Webhooks) -> DeliveryView:
    return await webhooks.redeliver(principal.require_tenant(), webhook_id, delivery_id)
