"""What the API says of access inside a cluster."""

from datetime import datetime

from pydantic import Field

from brb_shared.contracts.bodies import Output


class MaterialisationView(Output):
    cluster_id: str
    revision: int = Field(default=0, description="Of the access world, as it stands in the cluster; 0: nothing yet")
    foreign: list[str] = Field(
        default=[], description="Namespaces of projects that stood there before and were left alone"
    )
    error: str = Field(default="", description="Why the newest revision does not stand there; empty: it does")
    at: datetime | None = None
