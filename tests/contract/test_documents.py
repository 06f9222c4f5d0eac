"""The committed documents say what the code does."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from openapi_spec_validator import validate
from starlette.routing import BaseRoute

from brb_api_gateway.access import EXTENSION, Access, Resource, Verb
from brb_api_gateway.app import bare_app
from brb_api_gateway.document import DOCUMENTS, openapi
from brb_api_gateway.settings import Settings
from brb_shared.contracts.registry import CALLS, KINDS

DOCS = Path(__file__).parents[2] / "docs"


def _walk(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """FastAPI keeps an included router as one entry, which knows its original."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _walk(route.original_router.routes)


ROUTES = [route for route in _walk(bare_app().routes) if route.include_in_schema or route.path.startswith("/internal")]
PUBLIC = {
    ("POST", "/v1/sessions"),
    ("POST", "/v1/sign-ins"),
    ("GET", "/v1/sign-ins/callback"),
    ("GET", "/v1/sign-in-choices"),
    ("GET", "/v1/clouds"),
}


def names(route: APIRoute) -> str:
    return f"{'/'.join(sorted(route.methods or ()))} {route.path}"


def load(name: str) -> Any:
    return json.loads((DOCS / name).read_text())


@pytest.mark.parametrize(
    ("command", "path"),
    [("openapi", "openapi.json"), ("asyncapi", "asyncapi.json"), ("messages", "contracts/messages.md")],
)
def test_a_generated_document_is_current(command: str, path: str) -> None:
    expected = DOCUMENTS[command]()
    assert (DOCS / path).read_text() == expected, f"run: python -m brb_api_gateway {command} > docs/{path}"


def test_all_routes_were_found() -> None:
    documented = set(load("openapi.json")["paths"])
    assert documented <= {route.path_format for route in ROUTES}
    assert len(ROUTES) > len(documented)


def test_the_openapi_document_is_valid() -> None:
    validate(load("openapi.json"))


def test_every_message_of_the_registry_is_in_the_asyncapi_document() -> None:
    addresses = {channel["address"] for channel in load("asyncapi.json")["channels"].values()}
    kinds, calls = {kind.subject("{clusterId}") for kind in KINDS}, {call.subject for call in CALLS}
    assert addresses == kinds | calls | {None}


def test_every_question_has_its_askers_its_answerer_and_a_reply() -> None:
    operations = load("asyncapi.json")["operations"]
    for call in CALLS:
        asked = [operations[f"{asker}-asks-{call.name}"] for asker in call.askers]
        answered = operations[f"{call.answerer}-answers-{call.name}"]
        assert {operation["action"] for operation in asked} == {"send"}
        assert answered["action"] == "receive"
        assert all(len(operation["reply"]["messages"]) == 2 for operation in [answered, *asked])


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = load("asyncapi.json")
    for reference in set(_references(document)):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


@pytest.mark.parametrize("route", ROUTES, ids=names)
def test_every_route_declares_a_verb_and_a_resource(route: APIRoute) -> None:
    declared = (route.openapi_extra or {}).get(EXTENSION)
    assert declared is not None, f"{names(route)} declares none: use declares(...)"
    assert Verb(declared["verb"])
    assert Resource(declared["resource"])


@pytest.mark.parametrize("route", ROUTES, ids=names)
def test_every_route_lets_in_only_whom_its_declaration_allows(route: APIRoute) -> None:
    guards = [dependency.dependency for dependency in route.dependencies]
    internal = route.path.startswith("/internal")
    public = any((method, route.path) in PUBLIC for method in route.methods or ())
    assert internal or public or any(isinstance(guard, Access) for guard in guards), names(route)


@pytest.mark.parametrize("route", ROUTES, ids=names)
def test_every_route_declares_its_problems(route: APIRoute) -> None:
    """Who has not signed in, what is not valid, what is not there; and all as problem documents."""
    public = any((method, route.path) in PUBLIC for method in route.methods or ())
    expected = {422, 503} | (set() if public else {401}) | ({404} if "{" in route.path else set())
    assert expected <= {int(status) for status in route.responses}


def test_every_operation_has_a_summary_and_every_parameter_a_description() -> None:
    for path, operations in openapi()["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), f"{method} {path}"
            for parameter in operation.get("parameters", []):
                if parameter["in"] != "path":
                    assert parameter.get("description"), f"{method} {path} {parameter['name']}"


def test_every_problem_is_a_problem_document() -> None:
    for path, operations in openapi()["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")):
                    assert list(response["content"]) == ["application/problem+json"], f"{method} {path} {status}"


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for value in node for found in _references(value)]
    return []


def test_the_readme_names_every_setting() -> None:
    readme = (DOCS.parent / "services" / "api-gateway" / "README.md").read_text()
    assert [name for name in Settings.model_fields if f"`BRB_{name.upper()}`" not in readme] == []
