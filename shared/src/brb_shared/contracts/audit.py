"""Kinds `audit`: who did what, and who was not let in. Each service writes its own kind, authz keeps them all.

Text, whole numbers and lists of text only, so that an entry has one canonical form, over which the chain is hashed.
"""

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from brb_shared.contracts.base import Contract

_LONGEST = 2000


class Verdict(StrEnum):
    """`none`: nobody had to decide, for instance at sign-in."""

    ALLOW = "allow"
    DENY = "deny"
    NONE = "none"


def audit_time(at: datetime | None = None) -> str:
    """UTC with microseconds, always of one width: the order of the texts is the order of the times."""
    return (at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL, and nobody needs more than the beginning of a very long value."""
    return text.replace("\x00", "�")[:_LONGEST]


Text = Annotated[str, AfterValidator(_storable)]


class AuditUser(Contract):
    id: Text = ""
    name: Text = ""
    groups: tuple[Text, ...] = ()


class AuditTarget(Contract):
    """What was acted on, in the words of the decision."""

    verb: Text = ""
    resource: Text = Field(default="", description="`a/b` is the sub-resource b of a")
    id: Text = ""
    cluster_id: Text = ""
    project_id: Text = ""
    namespace: Text = ""


class AuditEntry(Contract):
    audit_id: Text = Field(default_factory=lambda: str(uuid.uuid4()), description="The same entry twice is kept once")
    service: Text = Field(description="The service that saw it")
    method: Text
    request_uri: Text = Field(description="Without secrets")
    user: AuditUser = AuditUser()
    remote_addr: Text = ""
    user_agent: Text = ""
    request_id: Text = ""
    response_code: int
    request_timestamp: Text = Field(description="UTC, such as 2026-01-31T12:00:00.000000Z")
    response_timestamp: Text
    target: AuditTarget = AuditTarget()
    decision: Verdict = Verdict.NONE
    rule: Text = Field(
        default="", description="What decided: the rule of which role by which binding, or what was lacking"
    )
    access_revision: int = Field(default=0, description="The revision of the access world that was decided on")
    before_digest: Text = Field(default="", description="sha256 of the object before; of its document without secrets")
    after_digest: Text = Field(default="", description="sha256 of the object after")
    message: Text = ""
