"""A cluster's life as its API tells it: its timeline, its machines, what keeps it from getting on."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from e2e.harness import GATEWAY

T = TypeVar("T")
Json = dict[str, Any]

_POLL_SECONDS = 0.3


class Life:
    """One cluster. Waiting has a bound for failing; what was seen until then is in the failure."""

    def __init__(self, token: str, cluster_id: str) -> None:
        self.cluster_id = cluster_id
        headers = {"Authorization": f"Bearer {token}"}
        self._client = httpx.Client(base_url=f"{GATEWAY}/v1/clusters", headers=headers, timeout=30)

    def close(self) -> None:
        self._client.close()

    def until_happened(self, reason: str, message: str = "", *, machine: str = "", seconds: float = 300) -> Json:
        """The first entry of the timeline with this reason, a message that has this in it, of a machine like this."""

        def found() -> Json | None:
            return next(
                (
                    event
                    for event in self._events()
                    if event["reason"] == reason and message in event["message"] and machine in (event["machine"] or "")
                ),
                None,
            )

        return self._until(found, f"{reason} {message} {machine}", seconds)

    def until_told(self, code: str, sentence: str = "", *, seconds: float = 300) -> Json:
        """The first condition with this code, and this in its sentence."""

        def found() -> Json | None:
            told = [condition for condition in self.conditions() if condition["code"] == code]
            return next((condition for condition in told if sentence in condition["message"]), None)

        return self._until(found, f"{code} {sentence}", seconds)

    def until_server(self, machine: str, *, seconds: float = 300) -> str:
        """The id of the server of the machine that is named like this, once it is ACTIVE."""

        def found() -> str | None:
            machines = self._document()["status"]["machines"]
            mine = (each for each in machines if machine in each["name"] and each["state"] == "active")
            return next((each["server_id"] for each in mine), None)

        return self._until(found, f"a server of {machine}", seconds)

    def conditions(self) -> list[Json]:
        found: list[Json] = self._document()["status"]["conditions"]
        return found

    def _until(self, find: Callable[[], T | None], what: str, seconds: float) -> T:
        end = time.monotonic() + seconds
        while (found := find()) is None:
            assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}\n{self._story()}"
            time.sleep(_POLL_SECONDS)
        return found

    def _document(self) -> Json:
        document: Json = self._client.get(f"/{self.cluster_id}").raise_for_status().json()
        return document

    def _events(self) -> list[Json]:
        found: list[Json] = (
            self._client.get(f"/{self.cluster_id}/events", params={"page_size": 500}).raise_for_status().json()["items"]
        )
        return found

    def _story(self) -> str:
        """For a failure's message."""
        told = [f"{each['type']} {each['status']} {each['code']} {each['message']}" for each in self.conditions()]
        happened = [
            f"{each['at'][11:19]} {each['machine']} {each['reason']} {each['message']}" for each in self._events()
        ]
        return "\n".join([*told, *happened[-40:]])
