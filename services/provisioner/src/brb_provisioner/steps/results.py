"""What a step ends in, and how several run side by side."""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from brb_shared.reconcile import ReconcileError, TerminalError

T = TypeVar("T")


@dataclass(frozen=True)
class Done:
    """All that the step is for is so."""


@dataclass(frozen=True)
class Waiting:
    """The world is at work: look again after `after`. `reason` is one CamelCase word, `message` a sentence.

    `blocks`: steps that need this one do not begin. `error`: what is wrong with the part that does not come on.
    `afresh`: the next pass runs every step again, also those that were done.
    """

    after: timedelta
    reason: str
    message: str = ""
    blocks: bool = True
    error: TerminalError | None = None
    afresh: bool = False


class PassIsOver(Exception):
    """There is more to do than fits into a pass: what has begun is ended, the rest is for the next one."""


StepResult = Done | Waiting
DONE = Done()


def combined(results: Iterable[StepResult]) -> StepResult:
    """The result of a step made of parts: the part that is to be looked at soonest speaks, any error is kept."""
    waits = [result for result in results if isinstance(result, Waiting)]
    if not waits:
        return DONE
    soonest = min(waits, key=lambda wait: wait.after)
    error = next((wait.error for wait in waits if wait.error), None)
    message = "; ".join(dict.fromkeys(wait.message for wait in waits if wait.message))
    blocks, afresh = any(wait.blocks for wait in waits), any(wait.afresh for wait in waits)
    return Waiting(soonest.after, soonest.reason, message, blocks, error, afresh)


async def together(parts: Iterable[Awaitable[T]]) -> Sequence[T]:
    """Run all side by side, each to its end even if another fails; then raise the gravest error.

    Not cancelled in the middle, because a cancelled create still happens in the cloud. The adapter bounds how many
    requests are really under way.
    """
    results = await asyncio.gather(*parts, return_exceptions=True)
    errors = [result for result in results if isinstance(result, BaseException)]
    if errors:
        raise gravest(errors)
    return [result for result in results if not isinstance(result, BaseException)]


def gravest(errors: Iterable[BaseException]) -> BaseException:
    """Bugs and lost leases first, then what somebody has to mend, then what passes by itself."""
    return min(errors, key=_gravity)


def _gravity(error: BaseException) -> int:
    match error:
        case PassIsOver():
            return 3
        case TerminalError():
            return 1
        case ReconcileError():
            return 2
        case _:
            return 0
