"""`brb apply`: declarative, by name."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from brb_cli.api import Api, open_api
from brb_cli.change import change_cluster
from brb_cli.cluster_view import show_cluster_summary
from brb_cli.commands.cluster_create import create
from brb_cli.errors import CliError
from brb_cli.manifest import Difference, Manifest, find_differences, load_manifests, render_patch
from brb_cli.models import Cluster, Plan
from brb_cli.options import DEFAULTS, WAIT, Common, CommonOptions, Waiting, WaitingOptions
from brb_cli.output import column, print_json_line, show_list
from brb_cli.plan_view import read_change_plan, read_plan, require_fit
from brb_cli.resolve import clusters_named
from brb_cli.terminal import say
from brb_cli.waiting import STALE_FAILURE_SECONDS, Goal, wait_for

COLUMNS = (column("Name", "name"), column("Action", "action"), column("Message", "message"))


@dataclass(frozen=True)
class Step:
    """What has to be done for one document."""

    manifest: Manifest
    action: Literal["create", "change", "nothing"]
    cluster: Cluster | None
    differences: tuple[Difference, ...] = ()
    plan: Plan | None = None

    def document(self) -> dict[str, Any]:
        changes = [difference.document() for difference in self.differences]
        fits = self.plan is None or self.plan.fits
        says = [", ".join(change["path"] for change in changes), self.plan.message if self.plan and not fits else ""]
        message = "; ".join(each for each in says if each) or (self.plan.message if self.plan else "")
        plan = {"plan": self.plan.document()} if self.plan else {}
        return {"name": self.manifest.name, "action": self.action, "message": message, "changes": changes, **plan}


def apply(
    *,
    file: Annotated[tuple[str, ...], Parameter(name=["--file", "-f"], allow_leading_hyphen=True)],
    dry_run: bool = False,
    waiting: WaitingOptions = WAIT,
    common: CommonOptions = DEFAULTS,
) -> None:
    """Make clusters be as files say, and wait until they are. Said twice, the second time changes nothing.

    A cluster is found by its name: made if it is not there, changed where it differs. What a file does not name is
    left as it is; a machine pool that a file's machine_pools does not name is removed. Nothing is ever deleted else.

    Parameters
    ----------
    file
        A YAML file of one or several documents; - is stdin. May be repeated.
    dry_run
        Only show what differs and what would be made.
    """
    manifests = load_manifests(file)
    with open_api(common) as api:
        steps = [_plan(api, manifest) for manifest in manifests]
        for step in steps:
            _say_differences(step)
        if dry_run:
            show_list(common, [step.document() for step in steps], COLUMNS, name="name")
            return
        _require_all_fit(steps)
        applied = [(step, _carry_out(api, step)) for step in steps]
        for step, cluster in applied:
            _settle(api, common, step, cluster, waiting)


def _plan(api: Api, manifest: Manifest) -> Step:
    found = clusters_named(api, manifest.name)
    if len(found) > 1:
        ids = ", ".join(cluster.metadata.id for cluster in found)
        raise CliError(f"Several clusters are called {manifest.name}: {ids}", code="ambiguous_name")
    if not found:
        return Step(manifest, "create", None, plan=read_plan(api, manifest.body()))
    patch = render_patch(manifest, found[0].document())
    if patch is None:
        return Step(manifest, "nothing", found[0])
    differences = tuple(find_differences(manifest, found[0].document()))
    return Step(manifest, "change", found[0], differences, read_change_plan(api, found[0], patch))


def _say_differences(step: Step) -> None:
    match step.action:
        case "create":
            say(f"+ cluster {step.manifest.name}")
        case "change":
            say(f"~ cluster {step.manifest.name}")
            for difference in step.differences:
                say(f"  {difference.render()}")
        case "nothing":
            say(f"= cluster {step.manifest.name}")


def _require_all_fit(steps: list[Step]) -> None:
    """Before the first is touched."""
    for step in steps:
        if step.plan is not None:
            require_fit(step.plan)


def _carry_out(api: Api, step: Step) -> Cluster:
    if step.cluster is None:
        return create(api, step.manifest.body())
    return change_cluster(api, step.cluster, lambda fresh: render_patch(step.manifest, fresh.document()))


def _settle(api: Api, common: Common, step: Step, cluster: Cluster, waiting: Waiting) -> None:
    if waiting.wait and step.action != "nothing":
        patience = 0.0 if step.action == "create" else STALE_FAILURE_SECONDS
        goal = Goal("Ready", cluster.metadata.generation)
        cluster = wait_for(api, common, cluster, goal, waiting.timeout, patience_seconds=patience)
    if common.format == "json" and not waiting.wait:
        print_json_line(cluster.document())
    else:
        show_cluster_summary(common, cluster, finished=waiting.wait)
