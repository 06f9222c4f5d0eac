"""Waiting for a cluster: what is waited for, and how waiting ends.

It ends with the goal, a failure that only a person can mend, the time being over, or Ctrl-C. Except in the first case
the work goes on: the error's hint says how to come back to it.
"""

from dataclasses import dataclass

from brb_cli.api import Api
from brb_cli.errors import Cancelled, CliError, Conflict, NotFound, StillRunning, error_class
from brb_cli.follow import Change, ClusterSeen, Follower, Gone
from brb_cli.models import Cluster
from brb_cli.options import Common, parse_duration
from brb_cli.progress import reporting

STALE_FAILURE_SECONDS = 30.0
"""After a change or a retry, how long an old failure may still stand before it counts as a new one."""


@dataclass(frozen=True)
class Goal:
    """`for_`: `delete`, `Ready`, or the type of any other condition."""

    for_: str
    generation: int = 0

    def is_reached(self, change: Change) -> bool:
        match change:
            case Gone():
                return self.for_ == "delete"
            case ClusterSeen(cluster):
                return self.for_ != "delete" and self._holds(cluster)
            case _:
                return False

    def _holds(self, cluster: Cluster) -> bool:
        status = cluster.status
        if self.for_ == "Ready" and self.generation:
            is_taken_up = status.observed_generation >= self.generation
            return status.state == "Ready" and is_taken_up and not any(machine.leaving for machine in status.machines)
        condition = status.condition(self.for_)
        return condition is not None and condition.status == "True"


def wait_for(
    api: Api, common: Common, cluster: Cluster, goal: Goal, timeout: str, *, patience_seconds: float = 0.0
) -> Cluster:
    """The cluster as it was last seen. `patience_seconds`: before this a failure is taken for an old one."""
    begun = api.clock.now()
    deadline = begun + parse_duration(timeout)
    seen = cluster
    try:
        with reporting(common, cluster.metadata.name, api.clock) as reporter:
            for change in Follower(api, cluster.metadata.id, deadline).changes():
                reporter.show(change)
                seen = change.cluster if isinstance(change, ClusterSeen) else seen
                if goal.is_reached(change):
                    return seen
                _require_hope(seen, change, goal, is_fresh=api.clock.now() >= begun + patience_seconds)
                if api.clock.now() >= deadline:
                    raise _still_running(seen, goal, timeout)
    except KeyboardInterrupt as error:
        raise _detached(cluster, goal) from error
    raise AssertionError("changes end only with an exception or Gone")


def resume_command(cluster: Cluster, goal: Goal) -> str:
    return f"brb wait cluster/{cluster.metadata.name} --for={goal.for_}"


def _require_hope(seen: Cluster, change: Change, goal: Goal, *, is_fresh: bool) -> None:
    """Raises where waiting on would be in vain: the cluster is gone, or a person has to do something."""
    name, problem = seen.metadata.name, seen.problem
    if isinstance(change, Gone):
        raise NotFound(f"Cluster {name} is gone", code="not_found")
    if goal.for_ != "delete" and seen.status.state == "Deleting":
        hint = f"brb wait cluster/{name} --for=delete"
        raise Conflict(f"Cluster {name} is being deleted", code="deleting", hint=hint)
    if problem is None or problem.code is None or not problem.user_fixable or not is_fresh:
        return
    kind = error_class(problem.code)
    hint = kind(problem.message, code=problem.code).hint or "Remove the cause"
    again = f"It goes on by itself when the cause is gone; at once with `brb cluster retry {name}`"
    raise kind(f"Cluster {name}: {problem.message}", code=problem.code, hint=f"{hint}\n  {again}")


def _still_running(cluster: Cluster, goal: Goal, timeout: str) -> CliError:
    progress, problem = cluster.status.progress, cluster.problem
    cause = problem.message if problem is not None else progress.message
    message = f"Cluster {cluster.metadata.name} is not there yet after {timeout}: {progress.percent}%, {cause}"
    return StillRunning(message, code="timed_out", hint=f"It goes on; wait again: {resume_command(cluster, goal)}")


def _detached(cluster: Cluster, goal: Goal) -> CliError:
    hint = f"Come back to it: {resume_command(cluster, goal)}"
    return Cancelled(f"Detached from cluster {cluster.metadata.name}; the work goes on", code="detached", hint=hint)
