"""Sign-in at an identity provider, by OIDC: in the browser, with the answer coming to a port of this machine.

`POST /v1/sign-ins` → the browser → the identity provider → the platform → here, with a code → `POST /v1/sessions`.
Source: RFC 8252; RFC 7636.
"""

import base64
import hashlib
import os
import secrets
import sys
import webbrowser
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from brb_cli.api import Api
from brb_cli.errors import CliError, error_class
from brb_cli.loopback import Loopback
from brb_cli.terminal import say

_SECONDS = 600.0  # as long as the platform waits


def sign_in_by_browser(api: Api, identity_provider: str, *, open_browser: bool) -> dict[str, Any]:
    """The `auth` of POST /v1/sessions. Raises CliError."""
    verifier = secrets.token_urlsafe(32)
    with Loopback() as loopback:
        body = {
            "identity_provider": identity_provider,
            "return_to": loopback.address,
            "code_challenge": _challenge_of(verifier),
        }
        begun = api.send("POST", "/v1/sign-ins", body=body).body
        _show(str(begun["authorization_url"]), open_browser=open_browser)
        answer = loopback.wait(_SECONDS)
    return {"method": "oidc", "code": _code_of(answer), "code_verifier": verifier}


def _show(url: str, *, open_browser: bool) -> None:
    if urlsplit(url).scheme not in ("https", "http"):
        raise CliError("The platform gave an address that no browser should open", code="invalid_answer")
    say(f"Sign in here, with a browser on this machine:\n\n  {url}\n")
    if open_browser and _has_browser():
        webbrowser.open(url)
    say("Waiting for the browser; Ctrl-C gives up")


def _code_of(answer: Mapping[str, str] | None) -> str:
    if answer is None:
        hint = "Run `brb login` again. Over SSH, forward the port that the browser is sent back to: ssh -L"
        raise CliError("Nobody signed in within ten minutes", code="sign_in_timed_out", hint=hint)
    if "code" not in answer:
        code = answer.get("error", "sign_in_refused")
        raise error_class(code, 401)(answer.get("error_description", code), code=code, hint="Run `brb login` again")
    return answer["code"]


def _has_browser(env: Mapping[str, str] = os.environ) -> bool:
    """One with windows, or the one that the person has chosen; not one that would take the terminal over."""
    return sys.platform in ("darwin", "win32") or any(
        env.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    )


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
