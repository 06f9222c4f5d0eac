"""What supervisor and worker say to each other over their socket pair: frames of a kind and bytes."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from enum import IntEnum
from typing import Literal

from pydantic import BaseModel, TypeAdapter

from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.records import RecordSet

Transport = Literal["udp", "tcp"]
_HEAD = struct.Struct("!IB")


class Frame(IntEnum):
    LOAD = 1  # to the worker: `Load`; then all records in parts, each small enough to be read between queries
    RECORDS = 2  # to the worker: a part, `RECORDS_PART`
    LOADED = 3  # to the worker: that was the last part, answer from them
    APPLY = 4  # to the worker: `Change`
    STOP = 5  # to the worker: finish and end
    SIGNED_REPLY = 6  # to the worker: `pack_reply`
    READY = 7  # from the worker: it answers
    SIGNED = 8  # from the worker: `pack_signed`


RECORDS_PART = TypeAdapter(tuple[RecordSet, ...])
_RECORDS_AT_ONCE = 100


class Load(BaseModel):
    """Zones and records that replace all there was. `slots`: the zones' places in the counters, by origin."""

    zones: tuple[ZoneConfig, ...]
    slots: dict[str, int]
    revision: int
    serial: int


def load_frames(load: Load, records: tuple[RecordSet, ...]) -> Iterator[tuple[Frame, bytes]]:
    yield Frame.LOAD, load.model_dump_json().encode()
    for at in range(0, len(records), _RECORDS_AT_ONCE):
        yield Frame.RECORDS, RECORDS_PART.dump_json(records[at : at + _RECORDS_AT_ONCE])
    yield Frame.LOADED, b""


class Channel:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, sock: socket.socket) -> "Channel":
        return cls(*await asyncio.open_connection(sock=sock))

    def send(self, kind: Frame, payload: bytes = b"") -> None:
        """Never waits. What a lost peer does not get it does not need: it starts with the newest state."""
        if not self._writer.is_closing():
            self._writer.write(_HEAD.pack(len(payload), kind) + payload)

    async def frames(self) -> AsyncIterator[tuple[Frame, bytes]]:
        """Until the peer is gone."""
        while True:
            try:
                length, kind = _HEAD.unpack(await self._reader.readexactly(_HEAD.size))
                payload = await self._reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            yield Frame(kind), payload

    def close(self) -> None:
        self._writer.close()


def pack_signed(number: int, transport: Transport, host: str, port: int, wire: bytes) -> bytes:
    peer = f"{transport} {port} {host}".encode()
    return struct.pack("!IH", number, len(peer)) + peer + wire


def unpack_signed(payload: bytes) -> tuple[int, Transport, str, int, bytes]:
    """Number, transport, host, port, message."""
    number, length = struct.unpack_from("!IH", payload)
    transport, port, host = payload[6 : 6 + length].decode().split(" ", 2)
    return number, "tcp" if transport == "tcp" else "udp", host, int(port), payload[6 + length :]


def pack_reply(number: int, messages: list[bytes]) -> bytes:
    return struct.pack("!I", number) + b"".join(len(message).to_bytes(2) + message for message in messages)


def unpack_reply(payload: bytes) -> tuple[int, list[bytes]]:
    messages = []
    at = 4
    while at < len(payload):
        end = at + 2 + int.from_bytes(payload[at : at + 2])
        messages.append(payload[at + 2 : end])
        at = end
    return int.from_bytes(payload[:4]), messages
