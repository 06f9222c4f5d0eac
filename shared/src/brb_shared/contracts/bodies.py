"""The bases of every body that the HTTP APIs take or give, and what they have in common."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")
Id = Annotated[str, Field(max_length=253, pattern=r"^[^\s\x00]*$")]


class Input(BaseModel):
    """Given by callers: a field that is not known is an error, so that a typing mistake is seen."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Output(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Page(Output, Generic[T]):
    items: list[T]
    next_page_token: str | None = Field(
        default=None, description="Give it as `page_token` for the next page; none: this is the last"
    )
