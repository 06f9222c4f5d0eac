"""What a sign-in needs, gathered from options, then the environment (OpenStack's own names), then by asking."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brb_cli.clouds_file import find_clouds_file, load_cloud
from brb_cli.errors import CliError
from brb_cli.terminal import ask, ask_secret, is_interactive


@dataclass(frozen=True)
class Given:
    """What was said on the command line."""

    os_cloud: str | None = None
    os_clouds_file: Path | None = None
    username: str | None = None
    password_stdin: bool = False
    project: str | None = None
    user_domain: str | None = None
    project_domain: str | None = None
    application_credential_id: str | None = None


def gather_auth(given: Given, env: Mapping[str, str] = os.environ) -> tuple[dict[str, Any], str | None]:
    """The `auth` of POST /v1/sessions, and Keystone's address where a clouds.yaml names it."""
    os_cloud = given.os_cloud or (env.get("OS_CLOUD") if given.username is None else None)
    if os_cloud is not None:
        auth = load_cloud(find_clouds_file(given.os_clouds_file, env), os_cloud).get("auth", {})
    else:
        auth = {key[3:].lower(): value for key, value in env.items() if key.startswith("OS_") and value}
    said = {
        "username": given.username,
        "project_name": given.project,
        "user_domain_name": given.user_domain,
        "project_domain_name": given.project_domain,
        "application_credential_id": given.application_credential_id,
    }
    auth = {**auth, **{key: value for key, value in said.items() if value is not None}}
    if given.project is not None:
        auth.pop("project_id", None)
    wants_credential = bool(auth.get("application_credential_id")) and given.username is None
    make = _application_credential if wants_credential else _password
    return make(auth, given), auth.get("auth_url")


def gather_break_glass(*, password_stdin: bool) -> dict[str, Any]:
    """The `auth` of the administrator for emergencies; the password is in no environment."""
    return {"method": "break_glass", "password": _secret(None, "One-time password: ", from_stdin=password_stdin)}


def _application_credential(auth: dict[str, Any], given: Given) -> dict[str, Any]:
    question = "Secret of the application credential: "
    secret = _secret(auth.get("application_credential_secret"), question, from_stdin=given.password_stdin)
    return {"method": "application_credential", "id": auth["application_credential_id"], "secret": secret}


def _password(auth: dict[str, Any], given: Given) -> dict[str, Any]:
    username = auth.get("username") or _asked("Keystone user: ", "--username")
    password = _secret(auth.get("password"), f"Password of {username}: ", from_stdin=given.password_stdin)
    optional = ("project_name", "project_id", "user_domain_name", "project_domain_name")
    chosen = {key: auth[key] for key in optional if auth.get(key)}
    return {"method": "password", "username": username, "password": password, **chosen}


def _secret(known: str | None, question: str, *, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if known:
        return str(known)
    if not is_interactive():
        hint = "Give it with --password-stdin, in OS_PASSWORD or OS_APPLICATION_CREDENTIAL_SECRET, or in a clouds.yaml"
        raise CliError("There is no password", code="missing_argument", hint=hint)
    return ask_secret(question)


def _asked(question: str, option: str) -> str:
    if not is_interactive():
        hint = f"Give {option}, or --os-cloud with an entry of a clouds.yaml"
        raise CliError("There is no user to sign in", code="missing_argument", hint=hint)
    return ask(question)
