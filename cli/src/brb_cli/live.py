"""The live view of a waiting command: a bar, the stages, the last line of the timeline. Drawn on stderr."""

import sys
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from brb_cli.clock import Clock
from brb_cli.follow import Change, ClusterSeen, Disturbed, Happened
from brb_cli.models import Cluster, Event
from brb_cli.progress import render_elapsed, render_event, render_problem

_STAGES = (
    ("infrastructure", "InfrastructureReady"),
    ("kubernetes", "KubernetesInitialized"),
    ("control plane", "ControlPlaneAvailable"),
    ("workers", "WorkersAvailable"),
    ("ready", "Ready"),
)
_STATE_STYLES = {"Ready": "green", "Error": "red", "Degraded": "red", "Deleting": "yellow"}


class LiveView:
    """A reporter; it draws itself four times a second, so that the time passes while nothing happens."""

    def __init__(self, title: str, clock: Clock) -> None:
        self._title = title
        self._clock = clock
        self._begun = clock.now()
        self._cluster: Cluster | None = None
        self._event: Event | None = None
        self._trouble = ""
        console = Console(file=sys.stderr)
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=4)

    def __enter__(self) -> "LiveView":
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.stop()

    def show(self, change: Change) -> None:
        match change:
            case ClusterSeen(cluster):
                self._cluster, self._trouble = cluster, ""
            case Happened(event):
                self._event = event
            case Disturbed(reason):
                self._trouble = f"trying again: {reason}"
            case _:
                pass

    def _render(self) -> RenderableType:
        elapsed = render_elapsed(self._clock.now() - self._begun)
        if self._cluster is None:
            return Text(f"{self._title}  {elapsed}")
        parts: list[RenderableType] = [self._bar(self._cluster, elapsed)]
        if self._cluster.status.state != "Deleting":
            parts.append(_stages(self._cluster))
        if self._event is not None:
            parts.append(_line(f"{self._event.at:%H:%M:%S} {render_event(self._event)}", "dim"))
        trouble = render_problem(self._cluster) or self._trouble
        if trouble:
            parts.append(_line(trouble, "yellow"))
        return Group(*parts)

    def _bar(self, cluster: Cluster, elapsed: str) -> RenderableType:
        state, progress = cluster.status.state, cluster.status.progress
        grid = Table.grid(padding=(0, 1))
        grid.add_row(
            Text(self._title, "bold"),
            Text(state, _STATE_STYLES.get(state, "cyan")),
            ProgressBar(total=100, completed=progress.percent, width=30),
            f"{progress.percent} %",
            Text(elapsed, "dim"),
            _line(progress.message, ""),
        )
        return grid


def _stages(cluster: Cluster) -> Text:
    line = Text("  ")
    for name, type_ in _STAGES:
        condition = cluster.status.condition(type_)
        done = condition is not None and condition.status == "True"
        failed = condition is not None and condition.code is not None
        mark, style = ("✓", "green") if done else ("✗", "red") if failed else ("·", "dim")
        line.append(f"{mark} {name}   ", style)
    return line


def _line(text: str, style: str) -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")
