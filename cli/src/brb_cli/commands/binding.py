"""`brb binding`: who has which role where."""

from typing import Annotated, Any

from cyclopts import Parameter

from brb_cli.access_view import DANGERS, SCOPE, SUBJECT, show_plan, warn_of_dangers
from brb_cli.api import open_api
from brb_cli.errors import CliError
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import Json, column, show_list, show_one
from brb_cli.patching import as_read, patch, said
from brb_cli.places import (
    ANYWHERE,
    NOBODY,
    Place,
    PlaceOptions,
    SubjectOptions,
    find_scope,
    find_subject,
    render_scope,
    render_subject,
)
from brb_cli.resolve import find_role
from brb_cli.terminal import require_name_typed, say

PATH = "/v1/role-bindings"
PLANNED = {"validate_only": "true"}
COLUMNS = (
    column("Id", "id"),
    SUBJECT,
    column("Role", "role_id"),
    SCOPE,
    DANGERS,
    column("Created by", "created_by"),
)


def list_bindings(
    *, subject: SubjectOptions = NOBODY, place: PlaceOptions = ANYWHERE, common: CommonOptions = DEFAULTS
) -> None:
    """Who has which role: at one place, or of one subject at every place. Without either: at the platform."""
    whom = find_subject(subject)
    if whom is not None and place != ANYWHERE:
        raise CliError("Ask for a subject or for a place, not for both", code="invalid_argument")
    with open_api(common) as api:
        if whom is not None:
            params = {"subject_kind": whom["kind"], "subject_id": whom["id"]}
        else:
            params = {key: value for key, value in find_scope(api, place).items() if key != "level"}
        show_list(common, list(api.items(PATH, params)), COLUMNS, name="id")


def create_binding(
    *,
    role: str,
    subject: SubjectOptions = NOBODY,
    place: PlaceOptions = ANYWHERE,
    object: str | None = None,
    platform: bool = False,
    dry_run: bool = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Give somebody a role, at a place and all below it. One can give only what one may do there oneself.

    Parameters
    ----------
    role
        Id or name, see `brb role list`.
    object
        Only for one thing: RESOURCE/NAME, such as credentials/cr-….
    platform
        At the whole platform; without any place it has to be said.
    dry_run
        Give nothing; show who would gain what.
    """
    whom = find_subject(subject)
    if whom is None:
        raise CliError("Say who is given the role: --user, --group or --service-account", code="missing_argument")
    _require_one_place(place, object, platform=platform)
    with open_api(common) as api:
        body = {"subject": whom, "role_id": find_role(api, role)["id"], "scope": find_scope(api, place, object)}
        if dry_run:
            show_plan(common, api.send("POST", PATH, body=body, params=PLANNED, may_repeat=True).body)
            return
        made = api.create(PATH, body)
    show_one(common, made, COLUMNS, name="id")
    warn_of_dangers(made)


def update_binding(
    binding: str,
    /,
    *,
    role: str | None = None,
    subject: SubjectOptions = NOBODY,
    dry_run: bool = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Give another role at the same place, or the role to somebody else. It is judged as a new binding would be.

    Parameters
    ----------
    binding
        Id, see `brb binding list`.
    role
        Id or name of the other role.
    dry_run
        Change nothing; show who would gain and lose what.
    """
    path = f"{PATH}/{binding}"
    with open_api(common) as api:
        wanted = said(role_id=find_role(api, role)["id"] if role else None, subject=find_subject(subject))
        answer = patch(api, path, api.get(path).body, wanted, PLANNED if dry_run else None)
    if dry_run:
        show_plan(common, answer)
        return
    show_one(common, answer, COLUMNS, name="id")
    warn_of_dangers(answer)


def delete_binding(
    binding: str,
    /,
    *,
    dry_run: bool = False,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Take a role back.

    Parameters
    ----------
    binding
        Id, see `brb binding list`.
    dry_run
        Take nothing back; show who would lose what.
    yes
        Do not ask.
    """
    path = f"{PATH}/{binding}"
    with open_api(common) as api:
        found = api.get(path).body
        headers = as_read(found)
        if dry_run:
            show_plan(common, api.send("DELETE", path, params=PLANNED, headers=headers).body)
            return
        require_name_typed(binding, f"takes {_sentence(found)}", yes=yes)
        api.send("DELETE", path, headers=headers)
    say(f"Binding {binding} is deleted")


def _require_one_place(place: Place, object_: str | None, *, platform: bool) -> None:
    somewhere = place != ANYWHERE or object_ is not None
    if platform and somewhere:
        raise CliError("Name a place or the platform, not both", code="invalid_argument")
    if not platform and not somewhere:
        hint = "--cluster, --project, --namespace or --object; --platform gives it everywhere"
        raise CliError("Say where the role holds", code="missing_argument", hint=hint)


def _sentence(binding: Json) -> str:
    scope: dict[str, Any] = binding["scope"]
    return f"{binding['role_id']} at {render_scope(scope)} back from {render_subject(binding['subject'])}"
