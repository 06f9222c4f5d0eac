"""Server-sent events. Source: HTML standard, "Interpreting an event stream"."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    event: str
    data: str
    id: str | None


def parse_lines(lines: Iterable[str]) -> Iterator[Message | None]:
    """None for a comment: the server's sign of life. A message that is cut off is dropped."""
    event, id_ = "message", None
    data: list[str] = []
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "" if line:
                yield None
            case "":
                if data:
                    yield Message(event, "\n".join(data), id_)
                event, data = "message", []
            case "event":
                event = value
            case "data":
                data.append(value)
            case "id":
                id_ = value
