"""All tables of schema `api_gateway`, for alembic and tests."""

from brb_api_gateway.clusters.models import AskedRow, ChangeRow, ClusterRow, EventRow, IdempotencyRow, SeenRow
from brb_api_gateway.credentials.models import CredentialRow
from brb_api_gateway.database import SCHEMA, Base, GatewayOutbox, Work
from brb_api_gateway.identities.models import BreakGlassRow, IdentityProviderRow, UserRow
from brb_api_gateway.sessions.models import SessionRow
from brb_api_gateway.sign_ins.models import SignInCodeRow, SignInRow
from brb_api_gateway.tokens.models import ApiTokenRow
from brb_api_gateway.webhooks.models import DeliveryRow, WebhookRow

__all__ = [
    "SCHEMA",
    "ApiTokenRow",
    "AskedRow",
    "Base",
    "BreakGlassRow",
    "ChangeRow",
    "ClusterRow",
    "CredentialRow",
    "DeliveryRow",
    "EventRow",
    "GatewayOutbox",
    "IdempotencyRow",
    "IdentityProviderRow",
    "SeenRow",
    "SessionRow",
    "SignInCodeRow",
    "SignInRow",
    "UserRow",
    "WebhookRow",
    "Work",
]
