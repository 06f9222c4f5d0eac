"""A cloud at the level of HTTP: signs in, tells its versions, and then answers as the test says."""

import json
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter

HOST = "http://cloud.example"
_TOKEN_LIFE = "2100-01-01T00:00:00.000000Z"
_SERVICES = {"network": "9696", "compute": "8774/v2.1", "block-storage": "8776/v3", "load-balancer": "9876"}

Answer = tuple[int, dict[str, Any]] | Exception


class ScriptedTransport(BaseAdapter):
    """Takes the place of the network under `requests`. `answer` is asked for all but sign-in and discovery."""

    def __init__(self, answer: Callable[[requests.PreparedRequest], Answer]) -> None:
        super().__init__()
        self.answer = answer
        self.sign_in: Answer = (201, _token())
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        self.requests.append(request)
        answer = self._choose(request)
        if isinstance(answer, Exception):
            raise answer
        return _response(request, *answer)

    def close(self) -> None:
        return

    def _choose(self, request: requests.PreparedRequest) -> Answer:
        path = (request.url or "").removeprefix(HOST)
        if path.endswith("/auth/tokens"):
            return self.sign_in
        if path.startswith(":9696") and "/v2.0/" not in path:
            return 200, {"versions": [_version("v2.0", f"{HOST}:9696/v2.0/")]}
        if path.rstrip("/").endswith("/v2.1"):
            return 200, {"version": _version("v2.1", f"{HOST}:8774/v2.1/") | {"version": "2.96", "min_version": "2.1"}}
        return self.answer(request)


def _version(name: str, url: str) -> dict[str, Any]:
    return {"id": name, "status": "CURRENT", "links": [{"rel": "self", "href": url}]}


def _token() -> dict[str, Any]:
    catalog = [
        {
            "type": kind,
            "name": kind,
            "id": kind,
            "endpoints": [
                {"interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": f"{HOST}:{rest}"}
            ],
        }
        for kind, rest in _SERVICES.items()
    ]
    domain = {"id": "default", "name": "Default"}
    return {
        "token": {
            "methods": ["application_credential"],
            "expires_at": _TOKEN_LIFE,
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "user": {"id": "user-1", "name": "demo", "domain": domain},
            "project": {"id": "project-1", "name": "demo", "domain": domain},
            "roles": [],
            "catalog": catalog,
        }
    }


def _response(request: requests.PreparedRequest, status: int, body: dict[str, Any]) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.request = request
    response.url = request.url or ""
    response.headers.update(
        {"Content-Type": "application/json", "X-Subject-Token": "token", "X-Openstack-Request-Id": "req-1234"}
    )
    response._content = json.dumps(body).encode()
    return response
