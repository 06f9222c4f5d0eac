"""The bases of every body that the API takes or gives, and what lists have in common."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


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
