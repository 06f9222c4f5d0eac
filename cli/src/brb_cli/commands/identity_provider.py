"""`brb identity-provider`."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from brb_cli.api import MERGE_PATCH, open_api
from brb_cli.options import DEFAULTS, Common, CommonOptions
from brb_cli.output import column, show_list, show_one
from brb_cli.terminal import require_name_typed, say

_CLIENT_VARIABLE = "BRB_OIDC_CLIENT_SECRET"
COLUMNS = (
    column("Id", "id"),
    column("Name", "display_name"),
    column("Kind", "kind"),
    column("Issuer", "issuer"),
    column("Client", "client_id"),
    column("Disabled", "disabled"),
)


def list_identity_providers(*, common: CommonOptions = DEFAULTS) -> None:
    """Who may vouch for users: OIDC issuers, each cloud's Keystone, and the break-glass administrator."""
    with open_api(common) as api:
        show_list(common, list(api.items("/v1/identity-providers")), COLUMNS, name="id")


def create_identity_provider(
    id_: str,
    /,
    *,
    issuer: str,
    client_id: str,
    display_name: str | None = None,
    client_secret_stdin: bool = False,
    client_secret_file: Path | None = None,
    scope: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    name_claim: str | None = None,
    groups_claim: str | None = None,
    allowed_group: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    common: CommonOptions = DEFAULTS,
) -> None:
    """Let people sign in at an OIDC issuer. Without a secret the platform is a public client there.

    The secret is never an option: others could read it in the process list. It can be in BRB_OIDC_CLIENT_SECRET too.

    Parameters
    ----------
    id_
        Becomes part of its users' and groups' ids, and never changes; such as corp.
    issuer
        The issuer's URL, exactly as it writes it in `iss`.
    client_id
        Under which the issuer knows the platform.
    display_name
        For people; default: the id.
    client_secret_stdin
        Read the client's secret from stdin.
    client_secret_file
        Read the client's secret from this file.
    scope
        What is asked for; again for more. Default: openid, profile, email.
    name_claim
        Where the user's name is; default: preferred_username.
    groups_claim
        Where the user's groups are, also a path such as realm_access.roles; default: groups.
    allowed_group
        Only who is in one of these of the issuer's groups may sign in; again for more. Default: everybody.
    """
    given: dict[str, Any] = {
        "client_secret": _secret(from_stdin=client_secret_stdin, file=client_secret_file),
        "scopes": list(scope),
        "name_claim": name_claim,
        "groups_claim": groups_claim,
        "allowed_groups": list(allowed_group),
    }
    body = {"id": id_, "display_name": display_name or id_, "issuer": issuer, "client_id": client_id}
    body |= {name: value for name, value in given.items() if value}
    with open_api(common) as api:
        show_one(common, api.send("POST", "/v1/identity-providers", body=body).body, COLUMNS, name="id")


def disable_identity_provider(
    id_: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """End all sessions and API tokens that came by it, and let nobody sign in by it any more.

    Parameters
    ----------
    id_
        Its id.
    yes
        Do not ask.
    """
    require_name_typed(id_, f"ends all sessions and API tokens that came by {id_}", yes=yes)
    _set(common, id_, disabled=True)


def enable_identity_provider(id_: str, /, *, common: CommonOptions = DEFAULTS) -> None:
    """Let people sign in by it again.

    Parameters
    ----------
    id_
        Its id.
    """
    _set(common, id_, disabled=False)


def delete_identity_provider(
    id_: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Remove an OIDC issuer. Its users and their role bindings stay, but cannot sign in.

    Parameters
    ----------
    id_
        Its id.
    yes
        Do not ask.
    """
    require_name_typed(id_, f"removes identity provider {id_} and ends all that came by it", yes=yes)
    with open_api(common) as api:
        path = f"/v1/identity-providers/{id_}"
        api.send("DELETE", path, headers={"If-Match": api.get(path).headers["ETag"]})
    say(f"Identity provider {id_} is deleted")


def _set(common: Common, id_: str, *, disabled: bool) -> None:
    with open_api(common) as api:
        path = f"/v1/identity-providers/{id_}"
        headers = {"If-Match": api.get(path).headers["ETag"]}
        api.send("PATCH", path, body={"disabled": disabled}, headers=headers, content_type=MERGE_PATCH)
    say(f"Identity provider {id_} is {'disabled' if disabled else 'enabled'}")


def _secret(*, from_stdin: bool, file: Path | None) -> str | None:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if file is not None:
        return file.read_text().strip()
    return os.environ.get(_CLIENT_VARIABLE) or None
