"""The escalation guard at the API's edge: the library's verdicts and findings become problems.

Called on create AND update of roles and bindings, for every kind of subject, and when a namespace moves.
"""

from collections.abc import Iterable

from brb_authz.acting import Acting
from brb_authz.errors import escalation, invalid
from brb_shared.access.escalation import Verdict, may_bind, may_move_namespace, may_write_role
from brb_shared.access.index import Index
from brb_shared.access.model import Binding, Namespace, Role
from brb_shared.access.validation import problems_of_binding, problems_of_role
from brb_shared.http import FieldError


def require_role(index: Index, acting: Acting, role: Role) -> None:
    """Raises Problem 422 for a role that cannot be, 403 for one that grants more than its writer holds."""
    _require_sound(problems_of_role(role, index), "/rules")
    _require(acting, may_write_role(index, acting.actor, role))


def require_binding(index: Index, acting: Acting, binding: Binding) -> None:
    """Raises Problem 422 for a binding that cannot be, 403 for one that gives more than its maker holds there."""
    _require_sound(problems_of_binding(binding, index), "/")
    _require(acting, may_bind(index, acting.actor, binding))


def require_move(index: Index, acting: Acting, namespace: Namespace, to_project_id: str) -> None:
    """Raises Problem 403: a namespace takes its workloads with it, so both sides are touched."""
    _require(acting, may_move_namespace(index, acting.actor, namespace, to_project_id))


def _require_sound(problems: Iterable[str], pointer: str) -> None:
    errors = [FieldError(pointer=pointer, detail=problem) for problem in problems]
    if errors:
        raise invalid(errors)


def _require(acting: Acting, verdict: Verdict) -> None:
    if not verdict.allowed:
        acting.refuse(verdict.reason)
        raise escalation(verdict.reason)
