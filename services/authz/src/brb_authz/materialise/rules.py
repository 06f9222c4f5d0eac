"""Rules of roles in Kubernetes' own form. Pure.

Source: Kubernetes API reference, PolicyRule: a rule of resources needs verbs, apiGroups and resources, one of
non-resource URLs has no apiGroups; what is incomplete allows nothing, and is left out.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from brb_shared.access.model import ALL, GROUP, Rule, Scope

Document = dict[str, Any]


def render_rules(rules: Iterable[Rule]) -> list[Document]:
    """Without what is about the platform's own resources, which a cluster does not have."""
    return [document for rule in rules for document in _render(rule)]


def render_rules_of_object(rules: Iterable[Rule], scope: Scope) -> list[Document]:
    """What the rules allow on one object.

    Kubernetes has no word for all sub-resources of one resource: of `*` the object itself is left.
    """
    narrowed = (_narrowed(rule, scope) for rule in rules)
    return render_rules(rule for rule in narrowed if rule is not None)


def _render(rule: Rule) -> Iterable[Document]:
    groups = [group for group in rule.api_groups if group != GROUP]
    if rule.verbs and groups and rule.resources:
        named = {"resourceNames": list(rule.resource_names)} if rule.resource_names else {}
        yield {"verbs": list(rule.verbs), "apiGroups": groups, "resources": list(rule.resources), **named}
    if rule.verbs and rule.non_resource_urls:
        yield {"verbs": list(rule.verbs), "nonResourceURLs": list(rule.non_resource_urls)}


def _narrowed(rule: Rule, scope: Scope) -> Rule | None:
    about_group = scope.api_group in rule.api_groups or ALL in rule.api_groups
    named = not rule.resource_names or scope.name in rule.resource_names
    resources = _resources_of(rule.resources, scope.resource)
    if not (about_group and named and resources):
        return None
    return Rule(rule.verbs, (scope.api_group,), resources, (scope.name,))


def _resources_of(resources: Sequence[str], wanted: str) -> tuple[str, ...]:
    found = []
    for resource in resources:
        main, _, sub = resource.partition("/")
        if main in (wanted, ALL):
            found.append(f"{wanted}/{sub}" if sub else wanted)
    return tuple(dict.fromkeys(found))
