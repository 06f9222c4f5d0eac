"""Logs: structlog, JSON lines, secrets taken out."""

from brb_shared.observability.logging import configure_logging

__all__ = ["configure_logging"]
