"""`brb webhook`."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from brb_cli.api import open_api
from brb_cli.errors import CliError
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import column, show_list, show_one
from brb_cli.terminal import require_name_typed, say

COLUMNS = (
    column("Id", "id"),
    column("URL", "url"),
    column("Events", "event_types"),
    column("Enabled", "enabled"),
    column("Description", "description"),
)
DELIVERY_COLUMNS = (
    column("Id", "id"),
    column("Event", "event_type"),
    column("State", "state"),
    column("Attempts", "attempts"),
    column("Status", "last_status"),
    column("Error", "last_error"),
    column("Created", "created_at"),
)


def create_webhook(
    url: str,
    /,
    *,
    event: tuple[str, ...] = (),
    description: str = "",
    common: CommonOptions = DEFAULTS,
) -> None:
    """Register a webhook. Deliveries are signed after Standard Webhooks; the secret is shown this once only.

    Parameters
    ----------
    url
        Receives POST requests; internal addresses are refused.
    event
        A stage (kubernetes.*) or a reason (cluster.ClusterReady); default: all. May be repeated.
    description
        For people.
    """
    body: dict[str, Any] = {"url": url, "description": description} | ({"event_types": list(event)} if event else {})
    with open_api(common) as api:
        created = api.send("POST", "/v1/webhooks", body=body).body
    show_one(common, created, (*COLUMNS, column("Secret", "secret")), name="id")


def list_webhooks(*, common: CommonOptions = DEFAULTS) -> None:
    """The project's webhooks."""
    with open_api(common) as api:
        show_list(common, list(api.items("/v1/webhooks")), COLUMNS, name="id")


def update_webhook(
    webhook: str,
    /,
    *,
    url: str | None = None,
    event: tuple[str, ...] = (),
    description: str | None = None,
    enabled: Annotated[bool | None, Parameter(negative="--no-enabled")] = None,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Change, enable or disable a webhook.

    Parameters
    ----------
    webhook
        Id.
    url
        Receives POST requests.
    event
        Takes the place of the events there are. May be repeated.
    description
        For people.
    enabled
        Whether it is told.
    """
    said = {"url": url, "event_types": list(event) or None, "description": description, "enabled": enabled}
    body = {key: value for key, value in said.items() if value is not None}
    if not body:
        raise CliError("Nothing to change was given", code="missing_argument")
    with open_api(common) as api:
        show_one(common, api.send("PATCH", f"/v1/webhooks/{webhook}", body=body).body, COLUMNS, name="id")


def delete_webhook(
    webhook: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Delete a webhook and its deliveries.

    Parameters
    ----------
    webhook
        Id.
    yes
        Do not ask.
    """
    with open_api(common) as api:
        require_name_typed(webhook, f"deletes webhook {webhook}", yes=yes)
        api.send("DELETE", f"/v1/webhooks/{webhook}")
    say(f"Webhook {webhook} is deleted")


def list_deliveries(
    webhook: str,
    /,
    *,
    state: Literal["pending", "delivered", "dead"] | None = None,
    common: CommonOptions = DEFAULTS,
) -> None:
    """What became of each delivery, newest first.

    Parameters
    ----------
    webhook
        Id.
    state
        Only these; dead: given up after the last attempt.
    """
    with open_api(common) as api:
        params = {"state": state} if state else None
        items = list(api.items(f"/v1/webhooks/{webhook}/deliveries", params))
        show_list(common, items, DELIVERY_COLUMNS, name="id")


def redeliver(webhook: str, delivery: str, /, *, common: CommonOptions = DEFAULTS) -> None:
    """Deliver again.

    Parameters
    ----------
    webhook
        Id.
    delivery
        Id, see `brb webhook deliveries`.
    """
    with open_api(common) as api:
        path = f"/v1/webhooks/{webhook}/deliveries/{delivery}/redeliveries"
        show_one(common, api.send("POST", path).body, DELIVERY_COLUMNS, name="id")
