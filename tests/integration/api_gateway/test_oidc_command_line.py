"""`brb login --identity-provider` in a process of its own, against the real gateway and an issuer that is not ours."""

import asyncio
import json
import os
import re
import signal
import stat
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from brb_api_gateway.settings import Settings
from fakes.oidc import CALLBACK, add_provider, running_issuer, sign_in_at
from fakes.served import serving

ADA = {"sub": "7f3a", "preferred_username": "ada", "groups": ["developers"]}
ADDRESS = re.compile(r"http://localhost:\d+/oauth2/authorize\S+")


@dataclass(frozen=True)
class Platform:
    client: httpx.AsyncClient
    env: dict[str, str]

    async def login(self, *words: str, provider: str = "corp", **env: str) -> Process:
        command = (sys.executable, "-m", "brb_cli", "login", "--identity-provider", provider, *words)
        return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env={**self.env, **env})

    async def brb(self, *words: str) -> str:
        command = (sys.executable, "-m", "brb_cli", *words)
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE, env=self.env)
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def walk(self, authorization_url: str, subject: str) -> httpx.Response:
        """What the browser does: issuer, platform, the program's own port."""
        back = await sign_in_at(authorization_url, subject)
        finished = await self.client.get(CALLBACK, params=back)
        assert finished.status_code == 303, finished.text
        async with httpx.AsyncClient() as browser:
            return await browser.get(finished.headers["location"])


async def shown(process: Process) -> str:
    """The address that it shows."""
    assert process.stderr is not None
    async with asyncio.timeout(60):
        async for line in process.stderr:
            if found := ADDRESS.search(line.decode()):
                return found[0]
    raise AssertionError("no address")


async def end_of(process: Process) -> tuple[int | None, str, str]:
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_issuer(ADA) as url:
        yield url


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"oidc_allowed_networks": ("127.0.0.0/8",)})


@pytest.fixture
async def platform(app: FastAPI, issuer: str, tmp_path: Path) -> AsyncIterator[Platform]:
    await add_provider(app, issuer)
    async with serving(app) as client:
        host = str(client.base_url).rstrip("/")
        yield Platform(client, {"HOME": str(tmp_path / "home"), "BRB_HOST": host, "PATH": os.environ["PATH"]})


async def test_it_is_signed_in_by_the_browser(platform: Platform) -> None:
    process = await platform.login("--no-browser", "-o", "json")
    page = await platform.walk(await shown(process), "7f3a")
    assert "Back to your terminal" in page.text
    exit_code, out, err = await end_of(process)
    assert exit_code == 0, err
    assert json.loads(out)["user"] == {"id": "oidc:corp:7f3a", "name": "ada"}
    assert "as ada;" in err
    config = Path(platform.env["HOME"]) / ".config" / "brb" / "config.json"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    assert json.loads(config.read_text())["profiles"]["default"]["user"] == "ada"
    assert json.loads(await platform.brb("whoami", "-o", "json"))["method"] == "oidc"
    await platform.brb("logout")


async def test_the_browser_is_opened_where_there_is_one(platform: Platform, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    browser.chmod(0o700)
    process = await platform.login(BROWSER=f"{browser} %s")
    address = await shown(process)
    await platform.walk(address, "7f3a")
    assert (await end_of(process))[0] == 0
    assert opened.read_text() == address


async def test_no_browser_is_opened_where_none_is_wanted(platform: Platform, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    process = await platform.login("--no-browser", BROWSER=f"touch {opened} %s")
    await platform.walk(await shown(process), "7f3a")
    assert (await end_of(process))[0] == 0
    assert not opened.exists()


async def test_a_refusal_is_told_in_the_browser_and_in_the_terminal(app: FastAPI, platform: Platform) -> None:
    process = await platform.login("--no-browser")
    address = await shown(process)
    state = dict(httpx.URL(address).params)["state"]
    finished = await platform.client.get(CALLBACK, params={"state": state, "error": "access_denied"})
    async with httpx.AsyncClient() as browser:
        page = await browser.get(finished.headers["location"])
    assert "You are not signed in" in page.text
    exit_code, out, err = await end_of(process)
    assert (exit_code, out) == (4, "")
    assert "did not sign you in: access_denied" in err


async def test_control_c_ends_it_at_once_and_cleanly(platform: Platform) -> None:
    process = await platform.login("--no-browser")
    await shown(process)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        exit_code, out, err = await end_of(process)
    assert (exit_code, out) == (2, "")
    assert err.strip().endswith("Cancelled"), err
    assert not (Path(platform.env["HOME"]) / ".config").exists()


async def test_a_provider_that_there_is_not_is_named(platform: Platform) -> None:
    process = await platform.login(provider="nobody")
    exit_code, _, err = await end_of(process)
    assert exit_code == 1
    assert "identity_provider" in err
