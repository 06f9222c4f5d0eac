"""The gateway passes the access API on to authz: what it declares of each route is what authz declares of its own."""

from typing import Any

import pytest
from pydantic import SecretStr

from brb_api_gateway.authorization.endpoints import PASSED
from brb_api_gateway.document import openapi
from brb_authz.app import build_app
from brb_authz.settings import Settings

Json = dict[str, Any]
GATEWAY: Json = openapi()
AUTHZ: Json = build_app(Settings(database_url=SecretStr("postgresql+asyncpg://nobody@127.0.0.1/none"))).openapi()
_SUCCESSES = ("200", "201", "204")

OPERATIONS = [
    pytest.param(path, method, id=f"{method} {path}")
    for path, operations in GATEWAY["paths"].items()
    for method, operation in operations.items()
    if "access" in operation["tags"]
]


def own(document: Json, path: str, method: str) -> Json:
    operation: Json = document["paths"][path][method]
    return operation


def theirs(path: str, method: str) -> Json:
    return own(AUTHZ, path.replace("/v1/", "/internal/v1/", 1), method)


def resolved(document: Json, node: Any) -> Any:
    """With what is referred to in the place of each reference, and without titles: they come from functions' names."""
    match node:
        case {"$ref": str(reference)}:
            return resolved(document, document["components"]["schemas"][reference.rpartition("/")[2]])
        case dict():
            return {key: resolved(document, value) for key, value in node.items() if not _is_title(key, value)}
        case list():
            return [resolved(document, value) for value in node]
        case _:
            return node


def parameters(document: Json, operation: Json) -> Json:
    """Without the token: a user's at the gateway, a service's at authz."""
    named = {f"{one['in']} {one['name']}": resolved(document, one) for one in operation.get("parameters", [])}
    return {name: one for name, one in named.items() if name.lower() != "header authorization"}


def successes(document: Json, operation: Json) -> Json:
    answers = {status: answer for status, answer in operation["responses"].items() if status in _SUCCESSES}
    return {status: resolved(document, answer) for status, answer in answers.items()}


def test_every_passed_route_is_compared() -> None:
    assert len(OPERATIONS) == sum(len(router.routes) for router in PASSED)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_passed_route_takes_the_parameters_that_authz_takes(path: str, method: str) -> None:
    assert parameters(GATEWAY, own(GATEWAY, path, method)) == parameters(AUTHZ, theirs(path, method))


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_passed_route_takes_the_body_that_authz_takes(path: str, method: str) -> None:
    body = own(GATEWAY, path, method).get("requestBody")
    assert resolved(GATEWAY, body) == resolved(AUTHZ, theirs(path, method).get("requestBody"))
    assert (body is not None) == (method in ("post", "patch"))


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_passed_route_answers_what_authz_answers(path: str, method: str) -> None:
    answers = successes(GATEWAY, own(GATEWAY, path, method))
    assert answers == successes(AUTHZ, theirs(path, method))
    assert "object" not in [schema.get("type") for schema in _bare(answers)], "a bare object says nothing"


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_passed_route_declares_every_problem_that_authz_answers_with(path: str, method: str) -> None:
    assert set(theirs(path, method)["responses"]) <= set(own(GATEWAY, path, method)["responses"])


def _is_title(key: str, value: Any) -> bool:
    return key == "title" and isinstance(value, str)


def _bare(answers: Json) -> list[Json]:
    schemas = [content["schema"] for answer in answers.values() for content in answer.get("content", {}).values()]
    return [schema for schema in schemas if "properties" not in schema]
