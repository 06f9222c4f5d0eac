"""`brb role`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from brb_cli.access_view import DANGERS, show_plan, warn_of_dangers
from brb_cli.api import open_api
from brb_cli.options import DEFAULTS, Common, CommonOptions
from brb_cli.output import Json, column, print_line, show_list, show_one
from brb_cli.patching import as_read, patch, said
from brb_cli.resolve import find_role
from brb_cli.rules import parse_rules, read_rules, render_rule
from brb_cli.terminal import require_name_typed, say

Context = Literal["global", "cluster", "project"]

COLUMNS = (
    column("Id", "id"),
    column("Name", "display_name"),
    column("Context", "context"),
    column("Built in", "builtin"),
    column("Inherits", "inherits"),
    DANGERS,
)
DETAILS = (*COLUMNS, column("Description", "description"), column("Created by", "created_by"))
PLANNED = {"validate_only": "true"}


def list_roles(*, context: Context | None = None, common: CommonOptions = DEFAULTS) -> None:
    """The roles, built-in ones among them.

    Parameters
    ----------
    context
        Only roles that can be given at such scopes.
    """
    with open_api(common) as api:
        params = {"context": context} if context else None
        show_list(common, list(api.items("/v1/roles", params)), COLUMNS, name="id")


def show_role(role: str, /, *, common: CommonOptions = DEFAULTS) -> None:
    """One role and its rules, as `--rule` takes them.

    Parameters
    ----------
    role
        Id or name.
    """
    with open_api(common) as api:
        found = find_role(api, role)
    show_one(common, found, DETAILS, name="id")
    if common.format == "table" and not common.column:
        for rule in found["rules"]:
            print_line(f"Rule: {render_rule(rule)}")


def create_role(
    name: str,
    /,
    *,
    context: Context,
    rule: tuple[str, ...] = (),
    rules: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    inherits: tuple[str, ...] = (),
    description: str = "",
    dry_run: bool = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Make a role. One can put into it only what one may do oneself.

    Parameters
    ----------
    name
        For people.
    context
        Where it can be given: global at the platform, cluster also at clusters, project also below them.
    rule
        'VERBS RESOURCES [NAMES]', such as 'get,list clusters', 'get pods.core/log', 'get /metrics'. May be repeated.
    rules
        A YAML or JSON file with rules, or a role as `brb role show -o yaml` prints it; - for stdin.
    inherits
        Id or name of a role whose rules are added. May be repeated.
    description
        For people.
    dry_run
        Make nothing; show what would be dangerous in it.
    """
    with open_api(common) as api:
        body = {
            "display_name": name,
            "description": description,
            "context": context,
            "rules": _rules(rule, rules),
            "inherits": [find_role(api, one)["id"] for one in inherits],
        }
        if dry_run:
            plan = api.send("POST", "/v1/roles", body=body, params=PLANNED, may_repeat=True).body
            show_plan(common, plan)
        else:
            _show_made(common, api.create("/v1/roles", body))


def update_role(
    role: str,
    /,
    *,
    name: str | None = None,
    rule: tuple[str, ...] = (),
    rules: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,
    inherits: tuple[str, ...] = (),
    description: str | None = None,
    dry_run: bool = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Change a role, for all who have it.

    Parameters
    ----------
    role
        Id or name.
    name
        Its new name.
    rule
        Takes the place of all its rules, as in `brb role create`. May be repeated.
    rules
        A file whose rules take the place of all its rules; - for stdin.
    inherits
        Takes the place of the roles it inherits. May be repeated.
    description
        For people.
    dry_run
        Change nothing; show who would gain and lose what.
    """
    with open_api(common) as api:
        found = find_role(api, role)
        wanted = said(
            display_name=name,
            description=description,
            rules=_rules(rule, rules) or None,
            inherits=[find_role(api, one)["id"] for one in inherits] or None,
        )
        answer = patch(api, f"/v1/roles/{found['id']}", found, wanted, PLANNED if dry_run else None)
        if dry_run:
            show_plan(common, answer)
        else:
            _show_made(common, answer)


def delete_role(
    role: str,
    /,
    *,
    dry_run: bool = False,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Delete a role that nobody has and no other role inherits.

    Parameters
    ----------
    role
        Id or name.
    dry_run
        Delete nothing; show who would lose what.
    yes
        Do not ask.
    """
    with open_api(common) as api:
        found = find_role(api, role)
        path, headers = f"/v1/roles/{found['id']}", as_read(found)
        if dry_run:
            show_plan(common, api.send("DELETE", path, params=PLANNED, headers=headers).body)
            return
        require_name_typed(role, f"deletes role {found['display_name']} ({found['id']})", yes=yes)
        api.send("DELETE", path, headers=headers)
    say(f"Role {found['display_name']} is deleted")


def _rules(given: tuple[str, ...], file: Path | None) -> list[Json]:
    return [rule for text in given for rule in parse_rules(text)] + (read_rules(file) if file else [])


def _show_made(common: Common, role: Json) -> None:
    show_one(common, role, COLUMNS, name="id")
    warn_of_dangers(role)
