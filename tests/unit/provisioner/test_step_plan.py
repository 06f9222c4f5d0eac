"""The order of steps: what needs another waits for its success, what follows another only for its end."""

import asyncio
from datetime import timedelta
from typing import Any, cast

import pytest

from brb_provisioner.steps.plan import After, Plan, Step, run_plan
from brb_provisioner.steps.results import DONE, StepResult, Waiting
from brb_provisioner.steps.scope import Scope
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import TerminalError

NO_SCOPE = cast("Scope", None)
WAITING = Waiting(timedelta(seconds=1), "Building")


class Steps:
    """Makes steps that note when they ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def step(self, name: str, result: StepResult | Exception = DONE) -> Step:
        async def run(_: Scope) -> StepResult:
            await asyncio.sleep(0)
            self.ran.append(name)
            if isinstance(result, Exception):
                raise result
            return result

        return run


def broken() -> TerminalError:
    return TerminalError(ErrorCode.DEPENDENCIES, "broken")


@pytest.mark.parametrize("result", [DONE, WAITING])
async def test_what_follows_a_step_begins_when_that_has_ended(result: StepResult) -> None:
    steps = Steps()
    slow, follower = steps.step("slow", result), steps.step("follower")
    plan: Plan = {slow: (), follower: (After(slow),)}
    _, done = await run_plan(plan, NO_SCOPE, frozenset())
    assert steps.ran == ["slow", "follower"]
    assert follower in done


async def test_what_follows_a_broken_step_runs_and_what_needs_it_does_not() -> None:
    steps = Steps()
    bad, follower, needing = steps.step("bad", broken()), steps.step("follower"), steps.step("needing")
    with pytest.raises(TerminalError):
        await run_plan({bad: (), follower: (After(bad),), needing: (bad,)}, NO_SCOPE, frozenset())
    assert steps.ran == ["bad", "follower"]


async def test_what_follows_a_step_needs_its_own_needs_all_the_same() -> None:
    steps = Steps()
    blocked, other, step = steps.step("blocked", WAITING), steps.step("other"), steps.step("step")
    result, _ = await run_plan({blocked: (), other: (), step: (blocked, After(other))}, NO_SCOPE, frozenset())
    assert isinstance(result, Waiting)
    assert "step" not in steps.ran


async def test_a_step_that_was_done_before_keeps_nobody_waiting() -> None:
    steps = Steps()
    before, follower = steps.step("before"), steps.step("follower")
    plan: dict[Step, Any] = {before: (), follower: (After(before),)}
    await run_plan(plan, NO_SCOPE, frozenset({before}))
    assert steps.ran == ["follower"]
