"""Which addresses of an issuer are taken at all, before a name is looked up."""

import ipaddress
from urllib.parse import urlsplit


def is_acceptable(url: str, *, allow_http: bool) -> bool:
    """https; http on this very machine, or wherever the platform's setting allows it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (allow_http or _is_loopback(host)))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
