"""With a cookie only our own pages change anything: each combination of method and headers."""

import pytest
from fastapi import Request

from brb_api_gateway.sessions.same_site import require_same_site
from brb_shared.http import Problem

OURS, FOREIGN = "https://brb.example", "https://evil.example"


def request(method: str, **headers: str) -> Request:
    named = {"host": "brb.example", **{name.replace("_", "-"): value for name, value in headers.items()}}
    encoded = [(name.encode(), value.encode()) for name, value in named.items()]
    return Request({"type": "http", "method": method, "headers": encoded})


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", "origin": OURS},
        {"origin": OURS},
    ],
)
def test_our_own_pages_may_change_things(method: str, headers: dict[str, str]) -> None:
    require_same_site(request(method, **headers))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": ""},
        {"sec_fetch_site": "cross-site", "origin": OURS},
        {"origin": FOREIGN},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://brb.example.evil.example"},
        {"origin": "https://brb.example:8443"},
        {"referer": OURS},
    ],
)
def test_others_may_not(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        require_same_site(request(method, **headers))
    assert (refused.value.document.status, refused.value.document.code) == (403, "cross_site")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("headers", [{}, {"sec_fetch_site": "cross-site"}, {"origin": FOREIGN}])
def test_reading_is_open(method: str, headers: dict[str, str]) -> None:
    require_same_site(request(method, **headers))
