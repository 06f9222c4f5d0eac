"""Do these rules cover those: the measure of who may grant what.

Source: k8s.io/component-helpers auth/rbac/validation/policy_comparator.go and k8s.io/kubernetes
pkg/registry/rbac/validation/policy_compact.go, v1.36. tests/oracle asks that code the same questions.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from brb_shared.access.matching import url_matches
from brb_shared.access.model import ALL, Rule


def covers(owner: Sequence[Rule], wanted: Iterable[Rule]) -> tuple[Rule, ...]:
    """What the owner's rules leave uncovered, as rules of one verb, one resource and one name each. Empty = covered.

    A single wanted rule is covered by one of the owner's or not at all: `*` is not covered by an enumeration.
    """
    single = (part for rule in wanted for part in break_down(rule))
    return tuple(part for part in single if not any(rule_covers(rule, part) for rule in owner))


def break_down(rule: Rule) -> Iterator[Rule]:
    """The rule as rules of one verb and one resource, name or URL each."""
    for group, resource, verb in product(rule.api_groups, rule.resources, rule.verbs):
        single = Rule((verb,), (group,), (resource,))
        names = [replace(single, resource_names=(name,)) for name in rule.resource_names]
        yield from names or [single]
    for url, verb in product(rule.non_resource_urls, rule.verbs):
        yield Rule((verb,), non_resource_urls=(url,))


def rule_covers(owner: Rule, part: Rule) -> bool:
    """Whether one rule covers a part that `break_down` made."""
    return (
        _has_all(owner.verbs, part.verbs)
        and _has_all(owner.api_groups, part.api_groups)
        and all(_covers_resource(owner.resources, resource) for resource in part.resources)
        and all(any(url_matches(url, wanted) for url in owner.non_resource_urls) for wanted in part.non_resource_urls)
        and _covers_names(owner.resource_names, part.resource_names)
    )


def compact(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The same in fewer rules, for people: what differs in the verb only becomes one rule."""
    merged: dict[Rule, Rule] = {}
    for rule in rules:
        key = replace(rule, verbs=()) if _is_simple(rule) else rule
        known = merged.get(key)
        merged[key] = replace(rule, verbs=tuple(dict.fromkeys(known.verbs + rule.verbs))) if known else rule
    return tuple(merged.values())


def _has_all(held: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return ALL in held or all(value in held for value in wanted)


def _covers_resource(held: tuple[str, ...], wanted: str) -> bool:
    _, slash, subresource = wanted.partition("/")
    return ALL in held or wanted in held or (bool(slash) and f"*/{subresource}" in held)


def _covers_names(held: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return not held or (bool(wanted) and all(name in held for name in wanted))


def _is_simple(rule: Rule) -> bool:
    single = len(rule.api_groups) == len(rule.resources) == 1
    return single and len(rule.resource_names) <= 1 and not rule.non_resource_urls
