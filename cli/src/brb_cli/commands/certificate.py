"""`brb certificate`."""

from typing import Annotated, Any

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.errors import NotFound
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import column, print_line, show_list, show_one
from brb_cli.resolve import find_cluster
from brb_cli.terminal import require_name_typed, say

COLUMNS = (
    column("Name", "metadata.name"),
    column("State", "status.state"),
    column("Valid until", "status.not_after"),
    column("Renewed from", "status.renew_at"),
    column("Id", "metadata.id"),
)
DETAILS = (
    *COLUMNS,
    column("Cluster", "spec.cluster_id"),
    column("Address", "spec.address"),
    column("Serial", "status.serial"),
    column("Failures", "status.failures"),
    column("Tried again", "status.retry_at"),
)


def list_certificates(*, cluster: str | None = None, common: CommonOptions = DEFAULTS) -> None:
    """The certificates of the project's app names. They are renewed by themselves.

    Parameters
    ----------
    cluster
        Only those of this cluster: name or id.
    """
    with open_api(common) as api:
        params = {"cluster_id": find_cluster(api, cluster).metadata.id} if cluster else {}
        documents = sorted(api.items("/v1/certificates", params), key=lambda one: str(one["metadata"]["name"]))
        show_list(common, documents, COLUMNS)


def show_certificate(certificate: str, /, *, common: CommonOptions = DEFAULTS) -> None:
    """One certificate, and what is being waited for.

    Parameters
    ----------
    certificate
        Its name, such as shop.198.51.100.7.web.example.org, or id.
    """
    with open_api(common) as api:
        found = _find(api, certificate)
    show_one(common, found, DETAILS)
    if common.format == "table" and not common.column:
        for condition in found["status"]["conditions"]:
            print_line(f"{condition['type']}: {condition['status']}, {condition['reason']}. {condition['message']}")


def create_certificate(cluster: str, address: str, /, *, retry: bool = False, common: CommonOptions = DEFAULTS) -> None:
    """Have a wildcard certificate for the app names of an address.

    Parameters
    ----------
    cluster
        Name or id of the cluster that has the address.
    address
        A public address of the cluster.
    retry
        Try again at once, if it pauses after failures.
    """
    with open_api(common) as api:
        body = {"cluster_id": find_cluster(api, cluster).metadata.id, "address": address, "retry": retry}
        show_one(common, api.send("POST", "/v1/certificates", body=body, may_repeat=True).body, COLUMNS)


def delete_certificate(
    certificate: str,
    /,
    *,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"])] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Revoke a certificate and delete its key. It goes by itself with its cluster.

    Parameters
    ----------
    certificate
        Name or id.
    yes
        Do not ask.
    """
    with open_api(common) as api:
        found = _find(api, certificate)
        name = str(found["metadata"]["name"])
        require_name_typed(certificate, f"revokes and deletes the certificate of *.{name}", yes=yes)
        api.send("DELETE", f"/v1/certificates/{found['metadata']['id']}")
    say(f"The certificate of *.{name} is being revoked and deleted")


def _find(api: Api, certificate: str) -> Any:
    """Raises NotFound."""
    wanted = certificate.removeprefix("*.").lower()
    for one in api.items("/v1/certificates"):
        if wanted in (one["metadata"]["id"], one["metadata"]["name"]):
            return one
    raise NotFound(f"There is no certificate {certificate}", code="not_found", hint="See `brb certificate list`")
