"""The generated documents: OpenAPI of the public API, AsyncAPI and a page of the messages."""

import json
from collections.abc import Callable
from typing import Any

from brb_api_gateway.app import VERSION, bare_app
from brb_api_gateway.messages_document import asyncapi, messages_page

_PROBLEM = "application/problem+json"


def openapi() -> dict[str, Any]:
    """The public API. FastAPI names a model's answer `application/json` too; a problem never is."""
    document = bare_app().openapi()
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                if _PROBLEM in content:
                    content.pop("application/json", None)
    return document


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {
    "openapi": lambda: _json(openapi()),
    "asyncapi": lambda: _json(asyncapi(VERSION)),
    "messages": messages_page,
}
"""By the command that prints each."""
