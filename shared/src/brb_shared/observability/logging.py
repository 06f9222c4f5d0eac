"""One log for structlog and the libraries that use `logging`."""

import logging
from typing import Any

import structlog
from structlog.types import EventDict, Processor

from brb_shared.secrets import redactor

_NOISY = ("httpx", "httpcore", "asyncssh", "uvicorn.access", "keystoneauth", "openstack", "nats")


def configure_logging(service: str, level: str, *, json: bool) -> None:
    """Set up the process' log on standard error. Call once, first."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _name(service),
        structlog.processors.format_exc_info,
        _redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=True,
    )
    renderer = structlog.processors.JSONRenderer(default=str) if json else structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _name(service: str) -> Processor:
    def add_service(_logger: Any, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return add_service


def _redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {key: redactor.clean(value) if isinstance(value, str) else value for key, value in event.items()}
