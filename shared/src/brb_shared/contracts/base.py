"""The base of every contract model."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """Frozen; unknown fields are ignored, so that a newer writer does not break an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    def document(self) -> dict[str, Any]:
        """The JSON form, as stored and sent."""
        return self.model_dump(mode="json")
