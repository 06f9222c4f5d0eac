"""Keeps secrets out of what is stored and shown of a step's output."""

import re

from brb_shared.secrets import redactor

_SECRETS = re.compile(
    r"\b[a-z0-9]{6}\.[a-z0-9]{16}\b"  # a bootstrap token
    r"|(?<=certificate[- ]key)\W+[0-9a-f]{64}\b"  # not every sum of that length is secret
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
    re.DOTALL,
)

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def clean(text: str) -> str:
    """Without secrets and colours, and without what PostgreSQL and JSON cannot hold."""
    text = _SECRETS.sub("[redacted]", redactor.clean(_COLOURS.sub("", text)))
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
