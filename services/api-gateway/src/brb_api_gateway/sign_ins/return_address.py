"""Where the browser goes at the end of a sign-in: into our own pages, or to a program on its own machine.

Nowhere else: an address given by others would carry people, and the command line's code, to a foreign site.
Source: RFC 8252, 7.3 (loopback) and 8.3 (by address, not by name); RFC 9700, 4.11.
"""

import re
from urllib.parse import urlencode, urlsplit

LONGEST = 2_000
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\]):[1-9][0-9]{0,4}(?:/[A-Za-z0-9._~/-]*)?")


def is_own_path(address: str) -> bool:
    """Visible ASCII without a backslash: browsers read `/\\host` as another host's address."""
    return _OWN_PATH.fullmatch(address) is not None


def is_loopback(address: str) -> bool:
    return _LOOPBACK.fullmatch(address) is not None


def with_query(address: str, **parameters: str) -> str:
    """The address with more in its query."""
    parts = urlsplit(address)
    joined = "&".join(filter(None, (parts.query, urlencode(parameters))))
    return parts._replace(query=joined).geturl()
