"""What a change of a replicated whole is made of: the zone's records, who may do what.

Its readers keep the whole in memory. Each change names the revision it leads to and the one it builds on, so that a
reader sees that it missed one, and loads the whole again.
"""

from pydantic import Field

from brb_shared.contracts.base import Contract


class Revised(Contract):
    revision: int = Field(description="The writer's revision after this change", ge=1)
    previous: int = Field(description="The writer's revision before it", ge=0)


class Beat(Contract):
    """Sent every second, outside the streams: no change later than `revision` was committed when it was sent."""

    revision: int = Field(ge=0)
