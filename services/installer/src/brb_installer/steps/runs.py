"""Running a long script: recorded, started once, followed for a while, closed with its whole output."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from brb_installer.cluster import Run, Step
from brb_installer.errors import ArtifactCorrupt, ArtifactUnavailable, NodeBusy, StepFailed
from brb_installer.redaction import clean
from brb_installer.scripts import Script
from brb_installer.ssh.node import RunState
from brb_installer.steps.scope import DONE, MachineScope, StepResult
from brb_shared.reconcile import Again

log = structlog.get_logger()

MakeScript = Callable[[], Awaitable[Script]]

_ROUNDS = 10
_BUSY_PAUSE = timedelta(seconds=2)
_ERRORS_BY_EXIT_CODE: dict[int, type[StepFailed]] = {41: ArtifactUnavailable, 42: ArtifactCorrupt}


async def run_to_end(scope: MachineScope, step: Step, make_script: MakeScript) -> StepResult:
    """Done once the script has ended well. Raises StepFailed. Idempotent: a run that goes on is found by its id.

    `make_script` is called only if it has to be started: it may make secrets.
    """
    run = await scope.records.open_run(scope.machine, step)
    state = None if run.is_new else await _attach(scope, run)
    if state is None:
        try:
            state = await _start(scope, run, make_script)
        except NodeBusy:
            return Again(_BUSY_PAUSE, "AnotherStepRuns")
    return await _follow(scope, run, state)


async def _start(scope: MachineScope, run: Run, make_script: MakeScript) -> RunState:
    script = await make_script()
    log.info("Starting step", cluster_id=scope.cluster.id, machine=scope.machine.name, step=run.step, run_id=run.id)
    node = await scope.node()
    return await node.start(run.id, script, wait_seconds=scope.tools.settings.attach_seconds)


async def _attach(scope: MachineScope, run: Run) -> RunState | None:
    node = await scope.node()
    return await node.attach(run.id, offset=run.read_bytes, wait_seconds=scope.tools.settings.attach_seconds)


async def _follow(scope: MachineScope, run: Run, state: RunState | None) -> StepResult:
    for _ in range(_ROUNDS):
        if state is None:
            return Again(timedelta(), "MachineRebooted")
        if state.exit_code is not None:
            return await _finish(scope, run, state)
        run = await scope.records.record_output(run, state)
        state = await _attach(scope, run)
    return Again(timedelta(), "StepRunning")


async def _finish(scope: MachineScope, run: Run, state: RunState) -> StepResult:
    await scope.records.finish_run(run, state)
    assert state.exit_code is not None
    if state.exit_code != 0:
        error = _ERRORS_BY_EXIT_CODE.get(state.exit_code, StepFailed)
        raise error(scope.machine.name, run.step, state.exit_code, clean(state.output))
    await scope.refresh()
    return DONE
