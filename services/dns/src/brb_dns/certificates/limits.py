"""The authority's limits, kept by us before it has to. Pure but for the counting, which `Records` does.

Source: Let's Encrypt, "Rate Limits": new orders per account, certificates per registered domain, certificates per exact
set of names, failed validations per name. Renewals count only against the set of names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from publicsuffixlist import PublicSuffixList

from brb_dns.certificates.certificate import Attempt, Certificate, Records, Since
from brb_dns.certificates.settings import AcmeSettings

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Limit:
    """At most `most` of what `counted` counts within `window`; 0: no limit."""

    what: str
    most: int
    window: timedelta
    counted: Since


@dataclass(frozen=True)
class Reached:
    limit: Limit
    free_at: datetime

    @property
    def message(self) -> str:
        limit = self.limit
        at = self.free_at.isoformat(timespec="seconds")
        return f"{limit.most} {limit.what} are the limit, and reached; the next may be at {at}. It goes on by itself"


def limits_of(certificate: Certificate, directory: str, settings: AcmeSettings, now: datetime) -> Sequence[Limit]:
    domain, name = registered_domain(certificate.name), certificate.name
    limits = [
        Limit(
            "new orders in 3 hours",
            settings.acme_orders_per_3_hours,
            3 * HOUR,
            Since((Attempt.ORDERED,), now - 3 * HOUR, directory=directory),
        ),
        Limit(
            f"certificates of the same names in 7 days ({name})",
            settings.acme_duplicates_per_week,
            WEEK,
            Since((Attempt.ISSUED, Attempt.RENEWED), now - WEEK, name=name, directory=directory),
        ),
        Limit(
            f"failed validations of a name in an hour ({name})",
            settings.acme_failures_per_hour,
            HOUR,
            Since((Attempt.FAILED,), now - HOUR, name=name, directory=directory),
        ),
    ]
    if certificate.issued is None:
        counted = Since((Attempt.ISSUED,), now - WEEK, registered_domain=domain, directory=directory)
        most = settings.acme_certificates_per_week
        limits.append(Limit(f"new certificates for {domain} in 7 days", most, WEEK, counted))
    return limits


async def reached_limit(records: Records, limits: Sequence[Limit]) -> Reached | None:
    """The one that holds longest, if any is reached."""
    reached = [
        Reached(limit, nth + limit.window)
        for limit in limits
        if limit.most and (nth := await records.nth_latest(limit.counted, limit.most)) is not None
    ]
    return max(reached, key=lambda one: one.free_at, default=None)


def registered_domain(name: str) -> str:
    """By the public suffix list, such as example.co.uk; the name itself if it is a suffix."""
    return _suffixes().privatesuffix(name) or name


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
