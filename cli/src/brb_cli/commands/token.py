"""`brb token`."""

from typing import Annotated

from cyclopts import Parameter

from brb_cli.api import open_api
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import column, show_list, show_one
from brb_cli.resolve import find_token_id
from brb_cli.terminal import require_name_typed, say

COLUMNS = (
    column("Name", "name"),
    column("Id", "id"),
    column("Verbs", "verbs"),
    column("Resources", "resources"),
    column("Expires", "expires_at"),
    column("Last used", "last_used_at"),
)
MADE = (*COLUMNS, column("Token", "token"))


def create_token(
    name: str,
    /,
    *,
    expires_in_days: float = 90,
    verb: Annotated[tuple[str, ...], Parameter(negative=())] = ("*",),
    resource: Annotated[tuple[str, ...], Parameter(negative=())] = ("*",),
    common: CommonOptions = DEFAULTS,
) -> None:
    """Make an API token for a machine; it is shown this once. Give it to brb in BRB_TOKEN.

    Parameters
    ----------
    name
        What it is for.
    expires_in_days
        Days it is good for, at most 366.
    verb
        What it may do: get, list, watch, create, patch, delete; again for more.
    resource
        What it may do it to, such as clusters or clusters/kubeconfigs; again for more.
    """
    body = {"name": name, "expires_in_days": expires_in_days, "verbs": list(verb), "resources": list(resource)}
    with open_api(common) as api:
        show_one(common, api.send("POST", "/v1/api-tokens", body=body).body, MADE, name="token")


def list_tokens(*, common: CommonOptions = DEFAULTS) -> None:
    """Your API tokens. The tokens themselves are not kept anywhere."""
    with open_api(common) as api:
        show_list(common, list(api.items("/v1/api-tokens")), COLUMNS, name="name")


def revoke_token(
    token: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """End an API token at once.

    Parameters
    ----------
    token
        Name or id.
    yes
        Do not ask.
    """
    with open_api(common) as api:
        token_id = find_token_id(api, token)
        require_name_typed(token, f"revokes API token {token}", yes=yes)
        api.send("DELETE", f"/v1/api-tokens/{token_id}")
    say(f"API token {token} is revoked")
