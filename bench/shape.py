"""What both sides make."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """1 control plane and 1 worker. `kubernetes` is without the v."""

    flavor: str = "m1.medium"
    image: str = "debian-12"
    kubernetes: str = "1.36.3"
