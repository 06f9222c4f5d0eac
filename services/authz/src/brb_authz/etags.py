"""ETag = generation; If-Match on what changes or removes. Source: RFC 9110, section 13.1.1."""

from fastapi import Response

from brb_authz.errors import changed_meanwhile, if_match_missing
from brb_authz.models import Tracked


def require_match(row: Tracked, if_match: str | None) -> None:
    """Raises Problem 428 or 412."""
    if if_match is None:
        raise if_match_missing()
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")]
    if "*" not in tags and str(row.generation) not in tags:
        raise changed_meanwhile(row.generation)


def set_etag(response: Response, generation: int) -> None:
    response.headers["ETag"] = f'"{generation}"'
