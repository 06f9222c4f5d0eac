"""What the parts of the SDK adapter share."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Calls(Protocol):
    """`SdkCloud` as its parts see it. `connection` is openstacksdk's, which has no types.

    `everywhere`: what lists of Nova and Cinder have to ask for when the token is of another project.
    """

    connection: Any
    project_id: str
    everywhere: dict[str, bool | str]

    async def call(self, doing: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> T: ...


def text(value: object) -> str:
    return "" if value is None else str(value)
