"""A look at a machine from outside: does port 22 answer?"""

import asyncio
from typing import Protocol

SSH_PORT = 22


class Probe(Protocol):
    async def ssh_answers(self, address: str) -> bool: ...


class TcpProbe:
    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds

    async def ssh_answers(self, address: str) -> bool:
        """True if an SSH server greets on port 22; an open port without a greeting is not one."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await _greets(address)
        except (OSError, TimeoutError):
            return False


class NoProbe:
    """Where this process cannot reach the machines: takes them for reachable."""

    async def ssh_answers(self, address: str) -> bool:
        return True


async def _greets(address: str) -> bool:
    reader, writer = await asyncio.open_connection(address, SSH_PORT)
    try:
        return (await reader.read(4)).startswith(b"SSH-")
    finally:
        writer.close()
