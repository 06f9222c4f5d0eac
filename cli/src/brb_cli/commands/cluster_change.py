"""`brb cluster` scale, update, retry."""

from typing import Annotated, Any

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.change import change_cluster
from brb_cli.cluster_view import show_cluster_summary
from brb_cli.errors import CliError
from brb_cli.models import Cluster, Pool
from brb_cli.options import DEFAULTS, WAIT, Common, CommonOptions, Waiting, WaitingOptions, parse_pairs
from brb_cli.resolve import find_cluster, find_credential_id
from brb_cli.terminal import say
from brb_cli.waiting import STALE_FAILURE_SECONDS, Goal, wait_for


def scale_cluster(
    cluster: str,
    quantity: tuple[str, ...],
    /,
    *,
    waiting: WaitingOptions = WAIT,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Change the quantity of machine pools, and wait until it is so.

    Machines that go are drained first.

    Parameters
    ----------
    cluster
        Name or id.
    quantity
        POOL=N, or N alone where there is one worker pool. Several may be given.
    """
    with open_api(common) as api:
        before = find_cluster(api, cluster)
        after = change_cluster(api, before, lambda fresh: _scaling(fresh, quantity))
        _settle(api, common, before, after, waiting)


def update_cluster(
    cluster: str,
    /,
    *,
    label: tuple[str, ...] = (),
    remove_label: tuple[str, ...] = (),
    deletion_protection: Annotated[bool | None, Parameter(negative="--no-deletion-protection")] = None,
    credential: str | None = None,
    new_credential: Annotated[bool, Parameter(negative=())] = False,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Change labels, deletion protection or the credential. For all else: `brb apply`.

    Parameters
    ----------
    cluster
        Name or id.
    label
        key=value to set. May be repeated.
    remove_label
        Key to remove. May be repeated.
    deletion_protection
        Whether a delete is refused.
    credential
        Name or id of the credential to work with in the cloud from now on.
    new_credential
        Make a new application credential for the cluster; the one before is removed when nothing uses it any more.
    """
    if credential is not None and new_credential:
        raise CliError("Give --credential or --new-credential, not both", code="invalid_argument")
    labels: dict[str, str | None] = {**parse_pairs(label, "--label"), **dict.fromkeys(remove_label)}
    patch: dict[str, Any] = {"metadata": {"labels": labels}} if labels else {}
    if deletion_protection is not None:
        patch["spec"] = {"deletion_protection": deletion_protection}
    if new_credential:
        patch.setdefault("spec", {})["cloud_credential_id"] = None
    if not patch and credential is None:
        raise CliError("Nothing to change was given", code="missing_argument")
    with open_api(common) as api:
        if credential is not None:
            patch.setdefault("spec", {})["cloud_credential_id"] = find_credential_id(api, credential)
        show_cluster_summary(common, change_cluster(api, find_cluster(api, cluster), lambda _: patch))


def retry_cluster(cluster: str, /, *, waiting: WaitingOptions = WAIT, common: CommonOptions = DEFAULTS) -> None:
    """Try again now, after the cause of a failure is gone, and wait until it is Ready.

    A cluster that is being deleted is waited for until it is gone.

    Parameters
    ----------
    cluster
        Name or id.
    """
    with open_api(common) as api:
        found = find_cluster(api, cluster)
        api.send("POST", f"/v1/clusters/{found.metadata.id}/retries", may_repeat=True)
        goal = Goal("delete" if found.status.state == "Deleting" else "Ready", found.metadata.generation)
        if waiting.wait:
            patience = STALE_FAILURE_SECONDS
            found = wait_for(api, common, found, goal, waiting.timeout, patience_seconds=patience)
        show_cluster_summary(common, found, finished=waiting.wait)


def _scaling(cluster: Cluster, quantities: tuple[str, ...]) -> dict[str, Any] | None:
    """None where the pools have these quantities already."""
    wanted = dict(_parse_quantity(text, cluster.spec.machine_pools) for text in quantities)
    pools = [pool.document() for pool in cluster.spec.machine_pools]
    if all(pool["quantity"] == wanted.get(pool["name"], pool["quantity"]) for pool in pools):
        return None
    scaled = [{**pool, "quantity": wanted.get(pool["name"], pool["quantity"])} for pool in pools]
    return {"spec": {"machine_pools": scaled}}


def _parse_quantity(text: str, pools: tuple[Pool, ...]) -> tuple[str, int]:
    name, _, number = text.rpartition("=")
    workers = [pool.name for pool in pools if pool.worker_role]
    names = ", ".join(pool.name for pool in pools)
    if not number.isdecimal():
        raise CliError(f"{text!r} is not POOL=N", code="invalid_argument", hint=f"The pools are {names}")
    if not name and len(workers) != 1:
        raise CliError(f"Which pool shall have {number}?", code="invalid_argument", hint=f"POOL={number}, of {names}")
    if name and name not in [pool.name for pool in pools]:
        raise CliError(f"There is no pool {name!r}", code="invalid_argument", hint=f"The pools are {names}")
    return name or workers[0], int(number)


def _settle(api: Api, common: Common, before: Cluster, after: Cluster, waiting: Waiting) -> None:
    if after is before:
        say(f"Cluster {before.metadata.name} has this already")
    elif waiting.wait:
        goal = Goal("Ready", after.metadata.generation)
        after = wait_for(api, common, after, goal, waiting.timeout, patience_seconds=STALE_FAILURE_SECONDS)
    show_cluster_summary(common, after, finished=waiting.wait and after is not before)
