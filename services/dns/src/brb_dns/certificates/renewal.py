"""When to renew, and how long to wait after failures. Pure; `jitter` is in [0, 1)."""

from datetime import datetime, timedelta

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
_MOST_STEPS = 10
ASK_INTERVAL = timedelta(hours=6)
"""How often renewal information is asked for when the authority does not say. Source: RFC 9773, section 4.3.2."""


def renewal_time(not_before: datetime, not_after: datetime, *, fraction: float, jitter: float) -> datetime:
    """At `fraction` of the certificate's life, up to a twentieth of it earlier, so that not all are renewed at once."""
    life = not_after - not_before
    return not_before + life * (fraction - jitter / 20)


def pause_after(failures: int, *, left: timedelta | None = None, jitter: float) -> timedelta:
    """1, 4, 16, 64 minutes … 6 hours, times 0.75 to 1.25: at most four failures in the first hour.

    Let's Encrypt allows five failed validations of a name in an hour. Close to the end of a certificate that is in use
    the pause is shorter: a sixth of what is `left` of it, though never under the first pause.
    """
    steps = min(max(failures, 1) - 1, _MOST_STEPS)
    pause = min(FIRST_PAUSE * 4.0**steps, LONGEST_PAUSE)
    if left is not None:
        pause = min(pause, max(left / 6, FIRST_PAUSE))
    return pause * (0.75 + jitter / 2)


def hold_for(retry_after_seconds: float | None, failures: int, *, jitter: float) -> timedelta:
    """After the authority asked for patience: what it said, a little longer; when it did not say, our own pause."""
    if retry_after_seconds is None:
        return pause_after(failures, jitter=jitter)
    return timedelta(seconds=max(retry_after_seconds, 1.0) * (1 + jitter / 10))
