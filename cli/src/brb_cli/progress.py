"""How waiting looks: a live view on a terminal, lines elsewhere (both stderr), CloudEvents on stdout with `-o json`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

from brb_cli.clock import Clock
from brb_cli.follow import Change, ClusterSeen, Disturbed, Happened
from brb_cli.models import Cluster, Event
from brb_cli.options import Common
from brb_cli.output import print_json_line
from brb_cli.terminal import draws, say


class Reporter(Protocol):
    def show(self, change: Change) -> None: ...


@contextmanager
def reporting(common: Common, title: str, clock: Clock) -> Iterator[Reporter]:
    if common.format == "json":
        yield CloudEventReporter()
    elif draws():
        from brb_cli.live import LiveView

        with LiveView(title, clock) as view:
            yield view
    else:
        yield LineReporter(title, clock)


class CloudEventReporter:
    """A CloudEvents 1.0 document a line. Source: CloudEvents 1.0.2, "JSON event format"."""

    def show(self, change: Change) -> None:
        match change:
            case ClusterSeen(cluster, kind):
                id_ = f"{cluster.metadata.id}-{cluster.metadata.generation}-{datetime.now(UTC).timestamp()}"
                print_event(f"brb.v1.cluster.{kind.lower()}", cluster.metadata.id, cluster.document(), id_)
            case Happened(event):
                print_event(f"brb.v1.happened.{event.stage}", event.cluster_id, event.document(), event.id, event.at)
            case Disturbed(reason):
                say(f"Trying again: {reason}")
            case _:
                pass


def print_event(type_: str, subject: str, data: Any, id_: str, at: datetime | None = None) -> None:
    print_json_line(
        {
            "specversion": "1.0",
            "id": id_,
            "source": "/brb/cli",
            "type": type_,
            "subject": subject,
            "time": (at or datetime.now(UTC)).isoformat(),
            "datacontenttype": "application/json",
            "data": data,
        }
    )


class LineReporter:
    """One line for each thing that is new."""

    def __init__(self, title: str, clock: Clock) -> None:
        self._title = title
        self._clock = clock
        self._begun = clock.now()
        self._last = ""

    def show(self, change: Change) -> None:
        match change:
            case ClusterSeen(cluster):
                self._say_if_new(render_progress(cluster))
                problem = render_problem(cluster)
                if problem:
                    self._say_if_new(problem)
            case Happened(event):
                self._say(f"  {render_event(event)}")
            case Disturbed(reason):
                self._say_if_new(f"trying again: {reason}")
            case _:
                pass

    def say_gone(self) -> None:
        self._say("gone")

    def _say_if_new(self, text: str) -> None:
        if text not in self._last.split("\n"):
            self._last = f"{self._last}\n{text}"[-2000:]
            self._say(text)

    def _say(self, text: str) -> None:
        say(f"{self._title} {render_elapsed(self._clock.now() - self._begun)} {text}")


class ProjectReporter:
    """One line for each thing that is new, of whatever cluster it is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of_cluster: dict[str, LineReporter] = {}
        self._of_all = LineReporter("all", clock)

    def show(self, change: Change) -> None:
        match change:
            case ClusterSeen(cluster, kind):
                self._reporter(cluster.metadata.id, cluster.metadata.name).show(change)
                if kind == "DELETED":
                    self._of_cluster.pop(cluster.metadata.id).say_gone()
            case Happened(event):
                self._reporter(event.cluster_id, event.cluster_id).show(change)
            case _:
                self._of_all.show(change)

    def _reporter(self, cluster_id: str, title: str) -> LineReporter:
        return self._of_cluster.setdefault(cluster_id, LineReporter(title, self._clock))


def render_progress(cluster: Cluster) -> str:
    progress = cluster.status.progress
    return f"{cluster.status.state} {progress.percent}% {progress.stage}: {progress.message}".rstrip(": ")


def render_problem(cluster: Cluster) -> str:
    problem = cluster.problem
    return f"{problem.code}: {problem.message}" if problem is not None else ""


def render_event(event: Event) -> str:
    words = [event.stage, event.machine or "", event.reason]
    return f"{' '.join(word for word in words if word)}: {event.message}".rstrip(": ")


def render_elapsed(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
