"""The server's metrics, read from the workers' counters when they are asked for: no worker notices."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from brb_dns.server.counters import LATENCY_BUCKETS, NO_ZONE, Single
from brb_dns.server.crew import Member


@dataclass(frozen=True)
class Status:
    """What is told of the server. `zone_names`: of the places in the counters."""

    members: Sequence[Member]
    zone_names: Callable[[], Mapping[int, str]]
    revision: Callable[[], int]
    serial: Callable[[], int]
    changed_at: Callable[[], float]
    confirmed_at: Callable[[], float]


class ServerCollector(Collector):
    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        yield self._queries()
        yield self._latency()
        yield _labelled(
            "brb_dns_rate_limited",
            "Answers above the rate of their network",
            "action",
            {"dropped": self._sum(Single.RATE_DROPPED), "truncated": self._sum(Single.RATE_SLIPPED)},
        )
        yield _labelled(
            "brb_dns_unanswered",
            "Messages without an answer",
            "reason",
            {"no_query": self._sum(Single.DROPPED), "too_many_unusual": self._sum(Single.SLOW_DROPPED)},
        )
        for name, text, single in _TOTALS:
            yield CounterMetricFamily(name, text, value=self._sum(single))
        yield CounterMetricFamily(
            "brb_dns_worker_restarts",
            "Workers that died or hung",
            value=sum(member.restarts for member in self._status.members),
        )
        yield from self._gauges()

    def _queries(self) -> Metric:
        names = {NO_ZONE: "", **self._status.zone_names()}
        family = CounterMetricFamily(
            "brb_dns_queries", "Queries answered or limited", labels=["zone", "type", "rcode", "transport"]
        )
        totals: dict[tuple[str, str, str, str], int] = {}
        for member in self._status.members:
            for seen in member.counters.queries(names):
                key = (seen.zone, seen.type, seen.rcode, seen.transport)
                totals[key] = totals.get(key, 0) + seen.count
        for labels, count in totals.items():
            family.add_metric(labels, count)
        return family

    def _latency(self) -> Metric:
        buckets = [0] * LATENCY_BUCKETS
        for member in self._status.members:
            buckets = [total + count for total, count in zip(buckets, member.counters.latencies(), strict=True)]
        so_far = [sum(buckets[: at + 1]) for at in range(LATENCY_BUCKETS)]
        bounds = [*(str(2**at / 1e6) for at in range(LATENCY_BUCKETS - 1)), "+Inf"]
        family = HistogramMetricFamily(
            "brb_dns_seconds", "From taking a query by UDP off its socket until its answer was sent"
        )
        seconds = self._sum(Single.LATENCY_SUM_NANOSECONDS) / 1e9
        family.add_metric([], list(zip(bounds, so_far, strict=True)), seconds)
        return family

    def _gauges(self) -> Iterator[Metric]:
        status = self._status
        ready = sum(member.is_ready for member in status.members)
        behind = min((member.counters.slots[Single.REVISION] for member in status.members), default=0)
        yield GaugeMetricFamily("brb_dns_workers_ready", "Workers that answer", value=ready)
        yield GaugeMetricFamily("brb_dns_revision", "Revision of the records", value=status.revision())
        yield GaugeMetricFamily("brb_dns_revision_answered", "The oldest that a worker answers from", value=behind)
        yield GaugeMetricFamily("brb_dns_serial", "Serial of the zones", value=status.serial())
        yield GaugeMetricFamily(
            "brb_dns_changed_at_seconds", "When the records last changed", value=status.changed_at()
        )
        yield GaugeMetricFamily(
            "brb_dns_confirmed_at_seconds",
            "When the records were last known to be current",
            value=status.confirmed_at(),
        )
        yield GaugeMetricFamily("brb_dns_tcp_connections", "Open connections", value=self._sum(Single.TCP_CONNECTIONS))

    def _sum(self, single: Single) -> int:
        return sum(member.counters.slots[single] for member in self._status.members)


_TOTALS = (
    ("brb_dns_unusual", "Messages read by dnspython", Single.SLOW),
    ("brb_dns_signed", "Messages with a TSIG", Single.SIGNED),
    ("brb_dns_failures", "Queries that the server failed on: its own errors", Single.FAILED),
    ("brb_dns_tcp_refused", "Connections above the limits", Single.TCP_REFUSED),
    ("brb_dns_cookie_answers", "Answers by UDP to clients with a valid cookie", Single.COOKIES),
)


def _labelled(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label])
    for value, count in values.items():
        family.add_metric([value], count)
    return family
