"""`brb dns`."""

import re
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.errors import CliError, NotFound
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import column, show_list, show_one
from brb_cli.resolve import find_cluster
from brb_cli.terminal import require_name_typed, say

_RECORD_ID = re.compile(r"^rr-[0-9a-z]{10}$")

RecordType = Literal["A", "AAAA", "CNAME", "TXT", "CAA"]

COLUMNS = (
    column("Id", "id"),
    column("Name", "name"),
    column("Type", "type"),
    column("Value", "value"),
    column("TTL", "ttl_seconds"),
    column("Cluster", "cluster_id"),
    column("Source", "source"),
)
KEY_COLUMNS = (
    column("Id", "id"),
    column("Algorithm", "algorithm"),
    column("Names", "names"),
    column("Types", "types"),
    column("Transfer", "may_transfer"),
    column("Description", "description"),
    column("Last used", "last_used_at"),
)
ZONE_COLUMNS = (
    column("Zone", "zone"),
    column("Serial", "serial"),
    column("Networks", "networks"),
    column("Host names", "hostnames"),
    column("Automatic", "automatic"),
)


def list_records(
    *,
    name: str | None = None,
    type: RecordType | None = None,
    cluster: str | None = None,
    common: CommonOptions = DEFAULTS,
) -> None:
    """The project's records. Names below an address lead there without any: see `brb dns zone`.

    Parameters
    ----------
    name
        Only those of this name.
    type
        Only those of this type.
    cluster
        Name or id: only those that go with it.
    """
    with open_api(common) as api:
        given = {"name": name, "type": type, "cluster_id": _cluster_id(api, cluster)}
        params = {key: value for key, value in given.items() if value is not None}
        show_list(common, list(api.items("/v1/dns-records", params)), COLUMNS, name="id")


def show_record(record: str, /, *, common: CommonOptions = DEFAULTS) -> None:
    """One record.

    Parameters
    ----------
    record
        Id, or name if it has only one record.
    """
    with open_api(common) as api:
        show_one(common, _find(api, record), COLUMNS, name="id")


def create_record(
    name: str,
    type: RecordType,
    value: str,
    /,
    *,
    ttl: int = 300,
    cluster: str | None = None,
    replace: bool = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Add a record; every server answers it within a second.

    Parameters
    ----------
    name
        NAME.apps.ZONE for a host name of your choice, or a name below an address of your clusters.
    type
        A, AAAA, CNAME, TXT or CAA.
    value
        An address, a host name, or a TXT record's text.
    ttl
        Seconds that resolvers keep it.
    cluster
        Name or id: the record goes with it. Default: it stays until it is deleted.
    replace
        Take the place of the name's other values of this type.
    """
    with open_api(common) as api:
        body = {
            "name": name,
            "type": type,
            "value": value,
            "ttl_seconds": ttl,
            "cluster_id": _cluster_id(api, cluster),
            "replace": replace,
        }
        show_one(common, api.send("POST", "/v1/dns-records", body=body, may_repeat=True).body, COLUMNS, name="id")


def delete_record(
    record: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Delete a record.

    Parameters
    ----------
    record
        Id, or name if it has only one record.
    yes
        Do not ask.
    """
    with open_api(common) as api:
        found = _find(api, record)
        require_name_typed(record, f"deletes {found['name']} {found['type']} {found['value']}", yes=yes)
        api.send("DELETE", f"/v1/dns-records/{found['id']}")
    say(f"{found['name']} {found['type']} is deleted")


def show_zone(*, common: CommonOptions = DEFAULTS) -> None:
    """The platform's zone: which names lead where by themselves, and which can be taken."""
    with open_api(common) as api:
        show_one(common, api.get("/v1/zone").body, ZONE_COLUMNS, name="zone")


def create_key(
    names: tuple[str, ...],
    /,
    *,
    type: tuple[RecordType, ...] = (),
    transfer: bool = False,
    description: str = "",
    common: CommonOptions = DEFAULTS,
) -> None:
    """Make a TSIG key for lego, cert-manager, external-dns or nsupdate; the secret is shown this once only.

    Parameters
    ----------
    names
        It may change these and all below them.
    type
        Records of this type; default: TXT only. May be repeated.
    transfer
        It may list the project's records by AXFR.
    description
        For people.
    """
    body: dict[str, Any] = {"names": list(names), "may_transfer": transfer, "description": description}
    with open_api(common) as api:
        created = api.send("POST", "/v1/dns-keys", body=body | ({"types": list(type)} if type else {})).body
    show_one(common, created, (*KEY_COLUMNS, column("Secret", "secret")), name="id")


def list_keys(*, common: CommonOptions = DEFAULTS) -> None:
    """The project's keys."""
    with open_api(common) as api:
        show_list(common, list(api.items("/v1/dns-keys")), KEY_COLUMNS, name="id")


def delete_key(
    key: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Delete a key; what came by it stays.

    Parameters
    ----------
    key
        Id.
    yes
        Do not ask.
    """
    with open_api(common) as api:
        require_name_typed(key, f"ends updates by key {key}", yes=yes)
        api.send("DELETE", f"/v1/dns-keys/{key}")
    say(f"Key {key} is deleted")


def _cluster_id(api: Api, reference: str | None) -> str | None:
    return find_cluster(api, reference).metadata.id if reference else None


def _find(api: Api, reference: str) -> dict[str, Any]:
    """By id or name. Raises NotFound, or CliError where the name has several records."""
    if _RECORD_ID.match(reference):
        return dict(api.get(f"/v1/dns-records/{reference}").body)
    name = reference.lower().removesuffix(".")
    found = list(api.items("/v1/dns-records", {"name": name}))
    if not found:
        raise NotFound(f"{reference} has no record of your project", code="not_found", hint="See `brb dns list`")
    if len(found) > 1:
        ids = ", ".join(f"{record['id']} ({record['type']} {record['value']})" for record in found)
        raise CliError(f"{reference} has {len(found)} records", code="ambiguous_name", hint=f"Give one id: {ids}")
    return dict(found[0])
