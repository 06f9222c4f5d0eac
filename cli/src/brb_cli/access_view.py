"""Plans of access, and the warnings about dangerous rules."""

from collections.abc import Iterable
from typing import Any

from brb_cli.options import Common
from brb_cli.output import Column, Json, show_list, show_one
from brb_cli.places import render_scope, render_subject
from brb_cli.rules import render_rule
from brb_cli.terminal import paint, say


def dangers(document: Json) -> list[str]:
    return sorted({str(danger["code"]) for danger in document["dangers"]})


def rendered_rules(field: str) -> Column:
    """A column of rules, each as it is typed."""
    return Column(field.title(), lambda document: "; ".join(map(render_rule, document[field])))


SUBJECT = Column("Subject", lambda document: render_subject(document["subject"]))
SCOPE = Column("Scope", lambda document: render_scope(document["scope"]))
DANGERS = Column("Dangers", dangers)
_PLAN_COLUMNS = (SUBJECT, SCOPE, rendered_rules("gained"), rendered_rules("lost"))


def warn_of_dangers(document: Json) -> None:
    """Each once, with the rule that it lies in."""
    found: Iterable[Any] = document["dangers"]
    for text, rule in dict.fromkeys((danger["text"], render_rule(danger["rule"])) for danger in found):
        say(f"{paint('Warning:', '33')} whoever has this can {text} ({rule})")


def show_plan(common: Common, plan: Json) -> None:
    """Who would gain and lose what."""
    if common.format in ("json", "yaml"):
        show_one(common, plan, ())
    else:
        show_list(common, plan["changes"], _PLAN_COLUMNS, name="subject.id")
    warn_of_dangers(plan)
    if not plan["changes"]:
        say("Nobody would gain or lose anything")
