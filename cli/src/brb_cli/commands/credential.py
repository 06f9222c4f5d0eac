"""`brb credential`."""

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from brb_cli.api import open_api
from brb_cli.errors import CliError
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import column, show_list, show_one
from brb_cli.resolve import find_credential_id
from brb_cli.terminal import ask_secret, is_interactive, require_name_typed, say

COLUMNS = (
    column("Name", "name"),
    column("Id", "id"),
    column("Cloud", "cloud"),
    column("Cluster", "cluster_id"),
    column("Made here", "created_by_platform"),
    column("Created", "created_at"),
)


def create_credential(
    name: str,
    /,
    *,
    application_credential_id: str | None = None,
    secret_stdin: bool = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Make a restricted application credential in Keystone, or hand over one that exists.

    Parameters
    ----------
    name
        Its name here.
    application_credential_id
        Hand this one over; its secret is taken from stdin, OS_APPLICATION_CREDENTIAL_SECRET, or asked for.
    secret_stdin
        Read the secret from stdin.
    """
    body = {"name": name}
    if application_credential_id is not None:
        body["application_credential_id"] = application_credential_id
        body["application_credential_secret"] = _secret(from_stdin=secret_stdin)
    with open_api(common) as api:
        show_one(common, api.send("POST", "/v1/credentials", body=body).body, COLUMNS, name="name")


def list_credentials(*, common: CommonOptions = DEFAULTS) -> None:
    """The project's credentials. No secret is shown: the API gives none back."""
    with open_api(common) as api:
        show_list(common, list(api.items("/v1/credentials")), COLUMNS, name="name")


def delete_credential(
    credential: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Delete a credential; one that was made here is deleted in Keystone too.

    Parameters
    ----------
    credential
        Name or id.
    yes
        Do not ask.
    """
    with open_api(common) as api:
        credential_id = find_credential_id(api, credential)
        require_name_typed(credential, f"deletes credential {credential}", yes=yes)
        api.send("DELETE", f"/v1/credentials/{credential_id}")
    say(f"Credential {credential} is deleted")


def _secret(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    known = os.environ.get("OS_APPLICATION_CREDENTIAL_SECRET")
    if known:
        return known
    if not is_interactive():
        hint = "Give it with --secret-stdin or in OS_APPLICATION_CREDENTIAL_SECRET"
        raise CliError("There is no secret", code="missing_argument", hint=hint)
    return ask_secret("Secret of the application credential: ")
