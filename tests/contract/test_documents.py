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
from brb_api_gateway.document import asyncapi, openapi
from brb_shared.contracts.registry import KINDS

DOCS = Path(__file__).parents[2] / "docs"


def _walk(routes: Iterable[BaseRoute]) -> Iterator[APIRoute]:
    """FastAPI keeps an included router as one entry, which knows its original."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _walk(route.original_router.routes)


ROUTES = [route for route in _walk(bare_app().routes) if route.include_in_schema or route.path.startswith("/internal")]
PUBLIC = {("POST", "/v1/sessions"), ("GET", "/v1/clouds")}


def names(route: APIRoute) -> str:
    return f"{'/'.join(sorted(route.methods))} {route.path}"


def load(name: str) -> Any:
    return json.loads((DOCS / name).read_text())


def test_the_openapi_document_is_current() -> None:
    assert load("openapi.json") == openapi(), "run: python -m brb_api_gateway openapi > docs/openapi.json"


def test_the_asyncapi_document_is_current() -> None:
    assert load("asyncapi.json") == asyncapi(), "run: python -m brb_api_gateway asyncapi > docs/asyncapi.json"


def test_all_routes_were_found() -> None:
    documented = {path for path in load("openapi.json")["paths"]}
    assert documented <= {route.path for route in ROUTES}
    assert len(ROUTES) > len(documented)


def test_the_openapi_document_is_valid() -> None:
    validate(load("openapi.json"))


def test_every_message_of_the_registry_is_in_the_asyncapi_document() -> None:
    addresses = {channel["address"] for channel in load("asyncapi.json")["channels"].values()}
    assert addresses == {kind.subject("{clusterId}") for kind in KINDS}


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
    public = any((method, route.path) in PUBLIC for method in route.methods)
    assert internal or public or any(isinstance(guard, Access) for guard in guards), names(route)


@pytest.mark.parametrize("route", ROUTES, ids=names)
def test_every_route_declares_its_problems(route: APIRoute) -> None:
    """Who has not signed in, what is not valid, what is not there; and all as problem documents."""
    public = any((method, route.path) in PUBLIC for method in route.methods)
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
