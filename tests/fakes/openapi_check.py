"""Says where a request or an answer departs from an OpenAPI document."""

import re
from collections.abc import Mapping
from typing import Any

import jsonschema

Json = dict[str, Any]
_OWN_HEADERS = frozenset({"if-match", "idempotency-key", "last-event-id"})


class OpenApiCheck:
    def __init__(self, document: Json) -> None:
        self._document = document
        self._paths = [(_pattern(path), operations) for path, operations in document["paths"].items()]

    def of_request(self, method: str, path: str, query: Mapping[str, list[str]], headers: Any, body: Any) -> list[str]:
        operation = self._operation(method, path)
        if operation is None:
            return [f"{method} {path} is not in the document"]
        declared = {(each["in"], each["name"].lower()): each for each in operation.get("parameters", [])}
        wrong = [f"query {name} is not declared" for name in query if ("query", name) not in declared]
        sent = {name.lower() for name in headers} & _OWN_HEADERS
        wrong += [f"header {name} is not declared" for name in sent if ("header", name) not in declared]
        wrong += self._body(operation, headers.get("Content-Type"), body)
        return [f"{method} {path}: {each}" for each in wrong]

    def of_answer(self, method: str, path: str, status: int, content_type: str, body: Any) -> list[str]:
        operation = self._operation(method, path)
        answer = operation["responses"].get(str(status)) if operation else None
        if answer is None:
            return [f"{method} {path}: the fake's answer {status} is not declared"]
        schema = answer.get("content", {}).get(content_type, {}).get("schema")
        if schema is None or body is None:
            return []
        return [f"{method} {path}: the fake's {status}: {each}" for each in self._errors(schema, body)]

    def _body(self, operation: Json, content_type: str | None, body: Any) -> list[str]:
        declared = operation.get("requestBody")
        if declared is None:
            return [] if body is None else ["takes no body"]
        if body is None:
            return ["needs a body"] if declared.get("required") else []
        content = declared["content"].get(content_type)
        return [f"{content_type} is not declared"] if content is None else self._errors(content["schema"], body)

    def _errors(self, schema: Json, body: Any) -> list[str]:
        whole = {**schema, "components": self._document["components"]}
        return [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(body)]

    def _operation(self, method: str, path: str) -> Json | None:
        for pattern, operations in self._paths:
            if pattern.fullmatch(path) and method.lower() in operations:
                found: Json = operations[method.lower()]
                return found
        return None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path)))
