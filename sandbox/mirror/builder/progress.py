"""Progress lines: time since the start, what was done, and how long that took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

_started = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - _started:6.1f} s  {text}", flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    say(f"{name} ({time.monotonic() - began:.1f} s)")
