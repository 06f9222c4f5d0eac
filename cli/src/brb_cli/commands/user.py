"""`brb user`."""

from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from brb_cli.api import MERGE_PATCH, open_api
from brb_cli.options import DEFAULTS, Common, CommonOptions
from brb_cli.output import column, show_list
from brb_cli.resolve import find_user_id
from brb_cli.terminal import require_name_typed, say

COLUMNS = (
    column("Name", "name"),
    column("Id", "id"),
    column("Email", "email"),
    column("Provider", "identity_provider"),
    column("Groups", "groups"),
    column("Disabled", "disabled"),
    column("Last sign-in", "last_signed_in_at"),
)


def list_users(
    *, identity_provider: str | None = None, disabled: bool = False, common: CommonOptions = DEFAULTS
) -> None:
    """Who has ever signed in, with the ids that role bindings name.

    Parameters
    ----------
    identity_provider
        Only those of this one.
    disabled
        Only those who are disabled.
    """
    params: dict[str, str] = {"identity_provider": identity_provider} if identity_provider else {}
    if disabled:
        params["disabled"] = "true"
    with open_api(common) as api:
        show_list(common, list(api.items("/v1/users", params)), COLUMNS, name="id")


def disable_user(
    user: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """End all sessions and API tokens of a user, and let him sign in no more.

    Parameters
    ----------
    user
        Id, or name where only one bears it.
    yes
        Do not ask.
    """
    _set(common, user, disabled=True, yes=yes)


def enable_user(user: str, /, *, common: CommonOptions = DEFAULTS) -> None:
    """Let a user sign in again.

    Parameters
    ----------
    user
        Id, or name where only one bears it.
    """
    _set(common, user, disabled=False, yes=True)


def _set(common: Common, user: str, *, disabled: bool, yes: bool) -> None:
    with open_api(common) as api:
        user_id = find_user_id(api, user)
        require_name_typed(user, f"ends all sessions and API tokens of {user_id}", yes=yes)
        path = f"/v1/users/{quote(user_id, safe='')}"
        api.send("PATCH", path, body={"disabled": disabled}, content_type=MERGE_PATCH)
    say(f"User {user_id} is {'disabled' if disabled else 'enabled'}")
