"""`brb audit`: who changed what and who was denied; and whether the log still says what it said."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.audit_chain import ChainCheck, check_lines
from brb_cli.errors import CliError
from brb_cli.options import DEFAULTS, Common, CommonOptions
from brb_cli.output import column, print_line, show_list, show_one
from brb_cli.terminal import say

PATH = "/v1/audit-log"
COLUMNS = (
    column("Number", "seq"),
    column("Time", "entry.request_timestamp"),
    column("User", "entry.user.id"),
    column("Verb", "entry.target.verb"),
    column("Resource", "entry.target.resource"),
    column("Id", "entry.target.id"),
    column("Cluster", "entry.target.cluster_id"),
    column("Decision", "entry.decision"),
    column("Code", "entry.response_code"),
    column("Service", "entry.service"),
)
CHECK_COLUMNS = (column("Entries", "entries"), column("Sound", "sound"), column("Newest", "head"))


def list_entries(
    *,
    user: str | None = None,
    cluster: str | None = None,
    service: str | None = None,
    verb: str | None = None,
    resource: str | None = None,
    decision: Literal["allow", "deny", "none"] | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int = 100,
    common: CommonOptions = DEFAULTS,
) -> None:
    """The audit log, newest first.

    Parameters
    ----------
    user
        Only what this user (id) did.
    cluster
        Only what concerns this cluster (id). Without it one needs to see the platform's whole log.
    service
        Only what this service saw, such as api-gateway.
    verb
        Only this verb, such as delete.
    resource
        Only this resource, such as clusters.
    decision
        Only what was allowed, denied, or needed no decision.
    since
        From this time on, UTC, such as 2026-01-31 or 2026-01-31T12:00:00.
    until
        Before this time, UTC.
    limit
        At most so many.
    """
    params = _params(user, cluster, service, verb, resource, decision, since, until)
    with open_api(common) as api:
        show_list(common, list(_first(limit, api.items(PATH, params))), COLUMNS, name="entry.audit_id")


def export(
    file: Path | None = None,
    /,
    *,
    user: str | None = None,
    cluster: str | None = None,
    since: str | None = None,
    until: str | None = None,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Write the log as JSON lines, oldest first: one with the head of the chain, then one for each entry.

    Only a whole export can be verified; one with filters has gaps by intention.

    Parameters
    ----------
    file
        Where to; default: stdout.
    user
        Only what this user (id) did.
    cluster
        Only what concerns this cluster (id).
    since
        From this time on, UTC.
    until
        Before this time, UTC.
    """
    params = _params(user, cluster, None, None, None, None, since, until)
    with open_api(common) as api, api.lines(f"{PATH}/export", params) as lines:
        if file is None:
            for line in lines:
                print_line(line)
            return
        count = _write(file, lines)
    say(f"{count} entries are in {file}")


def verify(
    file: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None, /, *, common: CommonOptions = DEFAULTS
) -> None:
    """Recompute the chain of hashes: a changed, removed or moved entry is found. Exit code 1 if there is one.

    Keep exports elsewhere: who can write to the platform's database could make a whole new chain, but not one that
    agrees with an older export.

    Parameters
    ----------
    file
        An export; `-` for stdin. Default: the platform's log as it is now.
    """
    check = _check(file, common)
    faults = check.finish()
    for fault in faults:
        say(f"Entry {fault.seq}: {fault.what}")
    document = {"entries": check.entries, "sound": not faults, "head": check.head["hash"]}
    show_one(common, document, CHECK_COLUMNS, name="head")
    if faults:
        first = faults[0]
        message = f"The audit log was tampered with: entry {first.seq} {first.what}"
        raise CliError(message, code="audit_tampered", hint="Compare with an older export to see since when")


def _check(file: Path | None, common: Common) -> ChainCheck:
    try:
        if file is None:
            with open_api(common) as api:
                return _check_live(api)
        if str(file) == "-":
            return check_lines(sys.stdin)
        with file.open() as lines:
            return check_lines(lines)
    except (ValueError, KeyError, TypeError) as error:
        raise CliError(f"This is no export of the audit log: {error}", code="invalid_argument") from error
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}", code="invalid_argument") from error


def _check_live(api: Api) -> ChainCheck:
    with api.lines(f"{PATH}/export", {}) as lines:
        return check_lines(lines)


def _write(file: Path, lines: Iterable[str]) -> int:
    """How many entries; the line with the head is none."""
    count = -1
    with file.open("w") as out:
        for line in lines:
            out.write(line + "\n")
            count += 1
    return count


def _first(limit: int, items: Iterator[Any]) -> Iterator[Any]:
    for _, item in zip(range(limit), items, strict=False):
        yield item


def _params(
    user: str | None,
    cluster: str | None,
    service: str | None,
    verb: str | None,
    resource: str | None,
    decision: str | None,
    since: str | None,
    until: str | None,
) -> dict[str, str]:
    names = ("user_id", "cluster_id", "service", "verb", "resource", "decision", "since", "until")
    values = (user, cluster, service, verb, resource, decision, since, until)
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}
