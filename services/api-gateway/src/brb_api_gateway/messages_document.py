"""The messages between services, from the one registry: AsyncAPI, and a page for people. Source: AsyncAPI 3.0.0."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.registry import CALLS, KINDS, Call, Kind
from brb_shared.http.problems import ProblemDocument

AnyCall = Call[Any, Any]

_TOKEN_HEADERS = {
    "type": "object",
    "properties": {"Authorization": {"type": "string", "description": "Bearer and the service token, as for HTTP"}},
    "required": ["Authorization"],
}
_PROBLEM_HEADERS = {
    "type": "object",
    "properties": {"Nats-Service-Error-Code": {"type": "string"}, "Nats-Service-Error": {"type": "string"}},
    "required": ["Nats-Service-Error-Code"],
}


def asyncapi(version: str) -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Big Red Button messages",
            "version": version,
            "description": "CloudEvents 1.0 in structured JSON over NATS JetStream. See docs/contracts/events.md",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {"nats": {"host": "nats:4222", "protocol": "nats"}},
        "channels": {
            **{_key(kind): _channel(kind) for kind in KINDS},
            **{key: channel for call in CALLS for key, channel in _call_channels(call).items()},
        },
        "operations": {
            **dict(pair for kind in KINDS for pair in _operations(kind)),
            **dict(pair for call in CALLS for pair in _call_operations(call)),
        },
        "components": {
            "messages": {
                **{_key(kind): _message(kind) for kind in KINDS},
                **{key: message for call in CALLS for key, message in _call_messages(call).items()},
            },
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


def _call_key(call: AnyCall) -> str:
    return f"ask-{call.answerer}-{call.name}"


def _call_channels(call: AnyCall) -> dict[str, Any]:
    """Where it is asked; and the asker's inbox, whose address only the question names."""
    key = _call_key(call)
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in _call_messages(call)}
    question = {key: messages.pop(key)}
    return {
        key: {"address": call.subject, "description": f"{call.summary} NATS request/reply", "messages": question},
        f"{key}-reply": {"address": None, "description": "NATS's reply subject of the question", "messages": messages},
    }


def _call_operations(call: AnyCall) -> Iterator[tuple[str, dict[str, Any]]]:
    key = _call_key(call)
    question = [{"$ref": f"#/channels/{key}/messages/{key}"}]
    answers = [{"$ref": f"#/channels/{key}-reply/messages/{name}"} for name in _call_messages(call) if name != key]
    reply = {"channel": {"$ref": f"#/channels/{key}-reply"}, "messages": answers}
    common = {"channel": {"$ref": f"#/channels/{key}"}, "messages": question, "reply": reply}
    yield f"{call.answerer}-answers-{call.name}", {"action": "receive", **common}
    for asker in sorted(call.askers):
        yield f"{asker}-asks-{call.name}", {"action": "send", **common}


def _call_messages(call: AnyCall) -> dict[str, Any]:
    """A question, its answer, and the problem that may come instead."""
    key = _call_key(call)
    return {
        key: _call_message(call.summary, call.question, {"headers": _TOKEN_HEADERS}),
        f"{key}-answer": _call_message("The answer", call.answer, {}),
        f"{key}-problem": _call_message("Why there is no answer", ProblemDocument, {"headers": _PROBLEM_HEADERS}),
    }


def _call_message(title: str, model: type[BaseModel], more: dict[str, Any]) -> dict[str, Any]:
    payload = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"title": title, "contentType": "application/json", "payload": payload, **more}


def _envelope_name(kind: Kind) -> str:
    return f"{kind.stream.capitalize()}{kind.name.capitalize()}Event"


def _schemas() -> dict[str, Any]:
    models = {kind: Envelope[kind.model] for kind in KINDS}  # type: ignore[name-defined]  # a model known at run time
    inputs: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (model, "serialization") for model in models.values()
    ]
    for call in CALLS:
        inputs += [(call.question, "validation"), (call.answer, "serialization"), (ProblemDocument, "serialization")]
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
    asked = [
        f"| `{call.subject}` | {', '.join(sorted(call.askers))} | `{call.question.__name__}` "
        f"| `{call.answer.__name__}`: {call.summary} |"
        for call in CALLS
    ]
    asked_head = (
        "",
        "# Questions over NATS request/reply",
        "",
        "With a service token in the header `Authorization`, as over HTTP. Instead of an answer a problem may come:",
        "the header `Nats-Service-Error-Code` has its status, the body is the problem document.",
        "",
        "| subject | askers | question | answer |",
        "|---|---|---|---|",
    )
    return "\n".join([*head, *rows, *asked_head, *asked]) + "\n"
