"""Metrics of the certificates, from the database: the same whichever process did the work, and kept over restarts."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

import structlog
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from brb_dns.certificates.certificate import Attempt, Figures
from brb_dns.certificates.repository import CertificateRepository
from brb_shared.cancellation import raise_if_cancelled

log = structlog.get_logger()

INTERVAL = timedelta(seconds=15)
SOONEST = 500
"""How many certificates have an expiry of their own: those that run out first."""


class CertificateFigures(Collector):
    """Registered with the metrics of `serve`. `run` reads anew every few seconds; a scrape costs no query."""

    def __init__(
        self, repository: CertificateRepository, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._repository = repository
        self._now = now
        self._figures = Figures()

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            raise_if_cancelled()
            try:
                await self.read()
            except (DBAPIError, OSError, TimeoutError) as error:
                log.warning("Could not read the certificates' figures", error=str(error))
            await asyncio.sleep(INTERVAL.total_seconds())

    async def read(self) -> None:
        self._figures = await self._repository.figures(SOONEST)

    def collect(self) -> Iterable[Metric]:
        yield self._expiries()
        yield self._states()
        yield self._attempts()

    def _expiries(self) -> Metric:
        gauge = GaugeMetricFamily(
            "brb_dns_certificate_seconds_to_expiry", "Until a certificate runs out; negative: it has", labels=["name"]
        )
        for name, not_after in self._figures.expiries:
            gauge.add_metric([name], (not_after - self._now()).total_seconds())
        return gauge

    def _states(self) -> Metric:
        gauge = GaugeMetricFamily("brb_dns_certificates", "Certificates wanted, issued, failing", labels=["state"])
        for state, count in self._figures.states.items():
            gauge.add_metric([state], count)
        return gauge

    def _attempts(self) -> Metric:
        text = "Orders made, certificates issued, renewed and revoked, and failures"
        counter = CounterMetricFamily("brb_dns_certificate_attempts", text, labels=["attempt"])
        for attempt in Attempt:
            counter.add_metric([attempt.value], self._figures.tallies.get(attempt.value, 0))
        return counter
