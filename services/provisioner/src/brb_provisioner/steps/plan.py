"""Steps and what each of them needs, run as far side by side as that allows."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from brb_provisioner.steps.results import Done, PassIsOver, StepResult, Waiting, combined, gravest
from brb_provisioner.steps.scope import Scope

Step = Callable[[Scope], Awaitable[StepResult]]
Plan = Mapping[Step, tuple[Step, ...]]
"""Each step with the steps that it needs; those stand before it."""

_AT_ONCE = timedelta()


@dataclass(frozen=True)
class Skipped:
    """What it needs is not there yet."""


async def run_plan(plan: Plan, scope: Scope, done: frozenset[Step]) -> tuple[StepResult, frozenset[Step]]:
    """Run what is not in `done`; the combined result, and what is done now.

    A step begins when all it needs is done, or waits without blocking. When one fails, those that do not need it still
    run to their end; then the gravest error is raised.
    """
    tasks: dict[Step, asyncio.Task[StepResult | Skipped]] = {}
    for step, needs in plan.items():
        if step not in done:
            needed = [tasks[need] for need in needs if need in tasks]
            tasks[step] = asyncio.create_task(_run_step(step, scope, needed))
    ends = await asyncio.gather(*tasks.values(), return_exceptions=True)
    errors = [end for end in ends if isinstance(end, BaseException)]
    if errors:
        raise gravest(errors)
    results = dict(zip(tasks, ends, strict=True))
    finished = {step for step, end in results.items() if isinstance(end, Done)}
    return combined(end for end in ends if isinstance(end, Waiting)), done | finished


async def _run_step(step: Step, scope: Scope, needed: list[asyncio.Task[StepResult | Skipped]]) -> StepResult | Skipped:
    ends = await asyncio.gather(*needed, return_exceptions=True)
    if not all(_lets_go_on(end) for end in ends):
        return Skipped()
    try:
        return await step(scope)
    except PassIsOver:
        return Waiting(_AT_ONCE, "MoreToDo", "There is more to do than fits into one pass")


def _lets_go_on(end: StepResult | Skipped | BaseException) -> bool:
    match end:
        case Done():
            return True
        case Waiting(blocks=blocks):
            return not blocks
        case _:
            return False
