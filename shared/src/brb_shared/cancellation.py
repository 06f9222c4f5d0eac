"""A cancellation that a library swallowed is not lost."""

import asyncio


def raise_if_cancelled() -> None:
    """Called at each turn of a loop that runs until cancelled. Raises CancelledError if that was asked for.

    `asyncio.wait_for` of Python 3.11, which NATS' client uses, may return a result instead of the cancellation that
    came at the same moment; a TaskGroup cancels each child once only and would then wait for ever.
    Source: CPython issue 86296.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
