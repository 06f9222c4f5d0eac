"""ETags are generations."""

from brb_api_gateway.errors import changed_meanwhile, if_match_missing


def require_match(generation: int, if_match: str | None) -> None:
    """Raises Problem 412 or 428. Source: RFC 9110, section 13.1.1."""
    if if_match is None:
        raise if_match_missing()
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in if_match.split(",")]
    if "*" not in tags and str(generation) not in tags:
        raise changed_meanwhile(generation)
