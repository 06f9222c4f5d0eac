"""A decision with its reason, and whether the asker may know that the thing exists."""

from dataclasses import dataclass, replace

from brb_shared.access.index import Index
from brb_shared.access.model import GROUP, Place, Request
from brb_shared.access.visibility import READING, sees

PLACES = ("clusters", "projects", "namespaces")


@dataclass(frozen=True, slots=True)
class Decision:
    """Not allowed and visible: 403 with the reason. Not allowed and not visible: 404."""

    allowed: bool
    visible: bool
    reason: str
    revision: int


def decide(index: Index, request: Request) -> Decision:
    """The answer to give. `Index.check` answers the same without the words."""
    if index.check(request):
        return Decision(True, True, "", index.revision)
    return Decision(False, is_visible(index, request), refusal(request), index.revision)


def is_visible(index: Index, request: Request) -> bool:
    """Whether what is asked about exists for the asker.

    A named object does if it can be read or listed, or is a place in which something is held. Without a name it is the
    place that counts: who may not create in a cluster that he sees gets 403.
    """
    if request.path or not request.name:
        return sees(index, request.actor, _outside(request))
    if any(index.check(replace(request, verb=verb, subresource="")) for verb in READING):
        return True
    named = _named_place(request)
    return named is not None and sees(index, request.actor, named)


def refusal(request: Request) -> str:
    """Why not, for the person: what right is missing, and where."""
    return f"{_who(request)} may not {describe(request)}: no role that allows it is bound there."


def describe(request: Request) -> str:
    """`delete clusters "c-1" in cluster c-1`."""
    if request.path:
        return f"{request.verb} {request.path}"
    resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
    group = f".{request.api_group}" if request.api_group not in ("", GROUP) else ""
    name = f' "{request.name}"' if request.name else ""
    return f"{request.verb} {resource}{group}{name}{_where(request.place)}"


def _who(request: Request) -> str:
    return f"{request.actor.kind.value} {request.actor.id}"


def _where(place: Place) -> str:
    if place.namespace:
        return f" in namespace {place.namespace} of cluster {place.cluster_id}"
    if place.project_id:
        return f" in project {place.project_id}"
    return f" in cluster {place.cluster_id}" if place.cluster_id else ""


def _outside(request: Request) -> Place:
    return Place(request.place.cluster_id) if request.path else request.place


def _named_place(request: Request) -> Place | None:
    """The place that the object itself is, if it is one."""
    if request.resource not in PLACES or request.api_group not in (GROUP, ""):
        return None
    if request.resource == "namespaces":
        return Place(request.place.cluster_id, "", request.name)
    if request.api_group != GROUP:
        return None
    return Place(request.name) if request.resource == "clusters" else Place(project_id=request.name)
