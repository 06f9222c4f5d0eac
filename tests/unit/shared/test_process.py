"""A service's command line, and how its work process ends."""

import asyncio
import os
import signal
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from brb_shared.process import Process, until_stopped
from brb_shared.settings import ServiceSettings


class Recorded:
    """A service whose commands only say that they were run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def settings(self) -> ServiceSettings:
        self.ran.append("settings")
        return ServiceSettings(database_url=SecretStr("postgresql+asyncpg://nobody@nowhere/none"))

    async def migrate(self, settings: ServiceSettings) -> None:
        self.ran.append("migrate")

    async def work(self, settings: ServiceSettings) -> None:
        self.ran.append("work")
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    def app(self, settings: ServiceSettings) -> FastAPI:
        return FastAPI()

    def process(self, **more: Any) -> Process[ServiceSettings]:
        return Process("brb_example", self.settings, self.migrate, self.app, self.work, **more)


@pytest.mark.parametrize("command", ["migrate", "work"])
def test_a_command_runs_with_the_settings_and_ends_well(command: str) -> None:
    service = Recorded()
    assert service.process().main([command]) == 0
    assert service.ran == ["settings", command]


def test_a_document_is_printed_without_settings(capsys: pytest.CaptureFixture[str]) -> None:
    service = Recorded()
    assert service.process(documents={"openapi": lambda: "{}\n"}).main(["openapi"]) == 0
    assert (capsys.readouterr().out, service.ran) == ("{}\n", [])


def test_an_unknown_command_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        Recorded().process().main(["fly"])
    assert "migrate" in capsys.readouterr().err


async def test_work_that_swallows_a_cancellation_is_cancelled_again() -> None:
    swallowed: list[int] = []

    async def stubborn() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        while len(swallowed) < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                swallowed.append(1)

    async with asyncio.timeout(10):
        await until_stopped(stubborn())
    assert len(swallowed) == 2


async def test_an_error_of_the_work_is_not_taken_for_its_end() -> None:
    async def broken() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        await until_stopped(broken())
