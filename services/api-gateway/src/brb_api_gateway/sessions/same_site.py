"""Cross-site request forgery: a cookie is sent by whatever page asks, so the page has to be ours.

Browsers say where a request comes from in headers that no page can set: `Sec-Fetch-Site`, and `Origin` for unsafe
methods. The cookie's SameSite=Lax is the first fence, this is the second. A bearer token is not sent by itself.
Source: OWASP, Cross-Site Request Forgery Prevention Cheat Sheet, Fetch Metadata headers.
"""

from urllib.parse import urlsplit

from fastapi import Request

from brb_shared.http import Problem

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_OURS = ("same-origin", "none")  # none: the person, not a page


def require_same_site(request: Request) -> None:
    """For requests that a cookie lets in. Raises Problem 403."""
    if request.method not in _SAFE_METHODS and not _is_ours(request):
        detail = "A page of another site may not do this with your cookie; other programs send a bearer token"
        raise Problem(403, "cross_site", detail)


def _is_ours(request: Request) -> bool:
    """`Sec-Fetch-Site` decides; browsers leave it out where the site has no TLS, and then `Origin` does."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in _OURS
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
