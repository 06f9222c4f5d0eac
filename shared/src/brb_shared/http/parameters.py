"""Parameters that routes of several services have in common."""

from typing import Annotated

from fastapi import Header, Query

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The ETag that the change is meant for, or `*` for any")
]
PageSize = Annotated[int, Query(ge=1, le=500, description="Entries of a page")]
PageToken = Annotated[str | None, Query(max_length=500, description="`next_page_token` of the page before")]
