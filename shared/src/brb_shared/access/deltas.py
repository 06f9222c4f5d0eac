"""What changed in the world, and the plain way of changing it."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from brb_shared.access.model import Binding, Namespace, Project, Role, World

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Delta:
    """What is new or changed, whole, and the ids of what is gone. `revision` is the world's after it.

    Removals come first: a thing that is in both lists is there afterwards.
    """

    revision: int
    roles: tuple[Role, ...] = ()
    removed_roles: tuple[str, ...] = ()
    bindings: tuple[Binding, ...] = ()
    removed_bindings: tuple[str, ...] = ()
    projects: tuple[Project, ...] = ()
    removed_projects: tuple[str, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    removed_namespaces: tuple[tuple[str, str], ...] = ()

    @property
    def moves_bindings(self) -> bool:
        """Whether it can change which roles reach whom where; else only what roles allow."""
        bindings = self.bindings or self.removed_bindings
        places = self.projects or self.removed_projects or self.namespaces or self.removed_namespaces
        return bool(bindings or places)


def apply(world: World, delta: Delta) -> World:
    """The world after the change, made anew. An index is changed in place instead: `Index.apply`."""
    return World(
        delta.revision,
        _changed(world.roles, delta.roles, delta.removed_roles, _id),
        _changed(world.bindings, delta.bindings, delta.removed_bindings, _id),
        _changed(world.projects, delta.projects, delta.removed_projects, _id),
        _changed(world.namespaces, delta.namespaces, delta.removed_namespaces, _place),
    )


def _changed(before: Iterable[Thing], put: Iterable[Thing], removed: Iterable[Hashable], key: Any) -> tuple[Thing, ...]:
    things = {key(thing): thing for thing in before}
    for gone in removed:
        things.pop(gone, None)
    return tuple((things | {key(thing): thing for thing in put}).values())


def _id(thing: Role | Binding | Project) -> str:
    return thing.id


def _place(namespace: Namespace) -> tuple[str, str]:
    return namespace.cluster_id, namespace.name
