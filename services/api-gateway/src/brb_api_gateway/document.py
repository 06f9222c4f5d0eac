"""The generated documents: OpenAPI of the public API, AsyncAPI and a page of the messages."""

import json
from collections.abc import Callable, Iterator
from typing import Any, Literal

from pydantic.json_schema import models_json_schema

from brb_api_gateway.app import VERSION, bare_app
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import KINDS, Kind

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


def asyncapi() -> dict[str, Any]:
    """The messages between services, from the one registry. Source: AsyncAPI 3.0.0."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Big Red Button messages",
            "version": VERSION,
            "description": "CloudEvents 1.0 in structured JSON over NATS JetStream. See docs/contracts/events.md",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"nats": {"host": "nats:4222", "protocol": "nats"}},
        "channels": {_key(kind): _channel(kind) for kind in KINDS},
        "operations": dict(pair for kind in KINDS for pair in _operations(kind)),
        "components": {
            "messages": {_key(kind): _message(kind) for kind in KINDS},
            "schemas": _schemas(),
        },
    }


def _key(kind: Kind) -> str:
    return f"{kind.stream.lower()}-{kind.name}"


def _channel(kind: Kind) -> dict[str, Any]:
    return {
        "address": kind.subject("{clusterId}"),
        "description": f"{kind.summary}. JetStream stream {kind.stream}",
        "parameters": {"clusterId": {"description": "Such as c-7k3m9q2x1v"}},
        "messages": {_key(kind): {"$ref": f"#/components/messages/{_key(kind)}"}},
    }


def _operations(kind: Kind) -> Iterator[tuple[str, dict[str, Any]]]:
    """One writer sends, each reader receives."""
    channel = {"$ref": f"#/channels/{_key(kind)}"}
    messages = [{"$ref": f"#/channels/{_key(kind)}/messages/{_key(kind)}"}]
    yield f"{kind.writer}-sends-{_key(kind)}", {"action": "send", "channel": channel, "messages": messages}
    for reader in sorted(kind.readers):
        operation = {"action": "receive", "channel": channel, "messages": messages}
        yield f"{reader}-receives-{_key(kind)}", operation


def _message(kind: Kind) -> dict[str, Any]:
    return {
        "name": kind.type,
        "title": kind.summary,
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": f"#/components/schemas/{_envelope_name(kind)}"},
    }


def _envelope_name(kind: Kind) -> str:
    return f"{kind.stream.capitalize()}{kind.name.capitalize()}Event"


def _schemas() -> dict[str, Any]:
    models = {kind: Envelope[kind.model] for kind in KINDS}  # type: ignore[name-defined]  # a model known at run time
    inputs: list[tuple[type[Envelope[Any]], Literal["validation", "serialization"]]] = [
        (model, "serialization") for model in models.values()
    ]
    references, definitions = models_json_schema(inputs, ref_template="#/components/schemas/{model}")
    named = {
        _envelope_name(kind): {
            "allOf": [references[model, "serialization"], {"properties": {"type": {"const": kind.type}}}]
        }
        for kind, model in models.items()
    }
    return {**definitions["$defs"], **named}


def messages_page() -> str:
    """Who writes and who reads what, as Markdown."""
    rows = [
        f"| `{kind.subject('<cluster id>')}` | {kind.stream} | {kind.writer} | {', '.join(sorted(kind.readers))} "
        f"| `{kind.model.__name__}`: {kind.summary} |"
        for kind in KINDS
    ]
    head = (
        "# Messages between the services",
        "",
        "Generated from `brb_shared.contracts.registry` by `python -m brb_api_gateway messages`.",
        "",
        "| subject | stream | writer | readers | data |",
        "|---|---|---|---|---|",
    )
    return "\n".join([*head, *rows]) + "\n"


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {
    "openapi": lambda: _json(openapi()),
    "asyncapi": lambda: _json(asyncapi()),
    "messages": messages_page,
}
"""By the command that prints each."""
