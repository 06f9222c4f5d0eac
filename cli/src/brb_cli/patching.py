"""Changes of things that carry a `generation`: made only to what was read, never over somebody else's change."""

from typing import Any

from brb_cli.api import MERGE_PATCH, Api
from brb_cli.errors import CliError
from brb_cli.output import Json


def as_read(found: Json) -> dict[str, str]:
    """The headers by which a change is refused if the thing has changed since it was read."""
    return {"If-Match": f'"{found["generation"]}"'}


def said(**fields: Any) -> Json:
    """The merge patch of what was given. Raises CliError if nothing was."""
    patch = {name: value for name, value in fields.items() if value is not None}
    if not patch:
        raise CliError("Nothing to change was given", code="missing_argument", hint="See --help for what can be")
    return patch


def patch(api: Api, path: str, found: Json, patched: Json, params: dict[str, str] | None = None) -> Json:
    """The thing as it is now, or with `params` of a dry run what would come of it."""
    headers = as_read(found)
    answer: Json = api.send("PATCH", path, body=patched, params=params, headers=headers, content_type=MERGE_PATCH).body
    return answer
