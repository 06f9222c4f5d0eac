"""The directories that the services expect, made at every start."""

from brb_sandbox.commands import run
from brb_sandbox.places import LOGS, READY, STATE

_IN_STATE = (
    "keystone",
    "glance",
    "glance-tasks",
    "glance-staging",
    "nova",
    "neutron",
    "cinder",
    "volumes",
    "lock",
    "images",
    "instances",
)


def make_directories() -> None:
    """Idempotent."""
    for name in _IN_STATE:
        (STATE / name).mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    READY.mkdir(parents=True, exist_ok=True)
    run("install", "-d", "/run/octavia", "/run/mysqld", "/run/netns")
