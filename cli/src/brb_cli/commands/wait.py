"""`brb wait`."""

from typing import Annotated

from cyclopts import Parameter

from brb_cli.api import open_api
from brb_cli.cluster_view import show_cluster_summary
from brb_cli.errors import NotFound
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.resolve import find_cluster
from brb_cli.terminal import say
from brb_cli.waiting import Goal, wait_for


def wait(
    target: str,
    /,
    *,
    for_: Annotated[str, Parameter(name="--for", show_default=True)] = "Ready",
    timeout: Annotated[str, Parameter(name="--timeout", show_default=True)] = "60m",
    common: CommonOptions = DEFAULTS,
) -> None:
    """Wait for a cluster to be Ready, or gone.

    Parameters
    ----------
    target
        cluster/NAME, or the name or id alone.
    for_
        Ready, delete, or the type of any other condition, such as InfrastructureReady.
    timeout
        How long, such as 90s, 30m, 1h. Then the exit code is 7.
    """
    goal = Goal(_goal(for_))
    with open_api(common) as api:
        try:
            cluster = find_cluster(api, target)
        except NotFound:
            if goal.for_ != "delete":
                raise
            say(f"{target} is gone")
            return
        seen = wait_for(api, common, cluster, goal, timeout)
    if goal.for_ == "delete":
        say(f"{target} is gone")
    else:
        show_cluster_summary(common, seen, finished=True)


def _goal(text: str) -> str:
    """kubectl's `condition=Ready` is understood too; `delete` and `ready` in any case."""
    wanted = text.removeprefix("condition=")
    return {"delete": "delete", "deleted": "delete", "ready": "Ready"}.get(wanted.lower(), wanted)
