"""How long the loop waits after errors."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from brb_shared.reconcile.loop import LONGEST_BACKOFF, backoff


@given(st.integers(min_value=1, max_value=200), st.floats(min_value=0, max_value=1, exclude_max=True))
def test_the_pause_stays_between_three_quarters_of_a_second_and_the_longest_with_its_jitter(
    failures: int, jitter: float
) -> None:
    assert timedelta(seconds=0.75) <= backoff(failures, jitter=jitter) <= LONGEST_BACKOFF * 1.25


@given(st.integers(min_value=1, max_value=199))
def test_the_pause_never_shrinks_with_more_failures(failures: int) -> None:
    assert backoff(failures, jitter=0.5) <= backoff(failures + 1, jitter=0.5)
