"""`brb` as a process of its own, against a platform that this process serves."""

import asyncio
import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Finished:
    exit_code: int
    stdout: str
    stderr: str


async def run_brb(host: str, token: str, *arguments: str) -> Finished:
    environment = {"PATH": os.environ["PATH"], "BRB_HOST": host, "BRB_TOKEN": token}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "brb_cli",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
    )
    async with asyncio.timeout(60):
        stdout, stderr = await process.communicate()
    return Finished(process.returncode or 0, stdout.decode(), stderr.decode())
