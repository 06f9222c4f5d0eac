"""Steps and what each of them needs, run as far side by side as that allows."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from brb_provisioner.steps.results import Done, PassIsOver, StepResult, Waiting, combined, gravest
from brb_provisioner.steps.scope import Scope

Step = Callable[[Scope], Awaitable[StepResult]]


@dataclass(frozen=True)
class After:
    """An order, not a need: begin when that step has ended, well or not."""

    step: Step


Plan = Mapping[Step, tuple[Step | After, ...]]
"""Each step with the steps that it needs or follows; those stand before it."""

_AT_ONCE = timedelta()


@dataclass(frozen=True)
class Skipped:
    """What it needs is not there yet."""


Running = asyncio.Task[StepResult | Skipped]


async def run_plan(plan: Plan, scope: Scope, done: frozenset[Step]) -> tuple[StepResult, frozenset[Step]]:
    """Run what is not in `done`; the combined result, and what is done now.

    A step begins when all it needs is done, or waits without blocking. When one fails, those that do not need it still
    run to their end; then the gravest error is raised.
    """
    tasks: dict[Step, Running] = {}
    for step, needs in plan.items():
        if step not in done:
            needed = [tasks[need] for need in needs if not isinstance(need, After) and need in tasks]
            before = [tasks[need.step] for need in needs if isinstance(need, After) and need.step in tasks]
            tasks[step] = asyncio.create_task(_run_step(step, scope, needed, before))
    ends = await asyncio.gather(*tasks.values(), return_exceptions=True)
    errors = [end for end in ends if isinstance(end, BaseException)]
    if errors:
        raise gravest(errors)
    results = dict(zip(tasks, ends, strict=True))
    finished = {step for step, end in results.items() if isinstance(end, Done)}
    return combined(end for end in ends if isinstance(end, Waiting)), done | finished


async def _run_step(step: Step, scope: Scope, needed: list[Running], before: list[Running]) -> StepResult | Skipped:
    ends = await asyncio.gather(*needed, return_exceptions=True)
    await asyncio.gather(*before, return_exceptions=True)
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
