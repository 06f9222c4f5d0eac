"""Does one rule allow one request: the semantics of Kubernetes RBAC, to the letter.

Source: k8s.io/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go and plugin/pkg/auth/authorizer/rbac/rbac.go, v1.36.
tests/oracle asks that code the same questions.
"""

from brb_shared.access.model import ALL, Request, Rule


def rule_allows(rule: Rule, request: Request) -> bool:
    """Whether the rule, held where the request happens, allows it."""
    if request.path:
        return url_allowed(rule, request.verb, request.path)
    return rule_matches(rule, request.verb, request.api_group, request.resource, request.subresource) and name_matches(
        rule, request.name
    )


def rule_matches(rule: Rule, verb: str, api_group: str, resource: str, subresource: str) -> bool:
    """All but the name. `pods` does not match `pods/log`; `*/log` matches it, and so does `*`."""
    return (
        one_of(rule.verbs, verb)
        and one_of(rule.api_groups, api_group)
        and resource_matches(rule.resources, resource, subresource)
    )


def resource_matches(resources: tuple[str, ...], resource: str, subresource: str) -> bool:
    if not subresource:
        return one_of(resources, resource)
    return one_of(resources, f"{resource}/{subresource}") or f"*/{subresource}" in resources


def name_matches(rule: Rule, name: str) -> bool:
    """A rule with names matches only these: never a request without a name, such as create or most lists."""
    return not rule.resource_names or name in rule.resource_names


def url_allowed(rule: Rule, verb: str, path: str) -> bool:
    return one_of(rule.verbs, verb) and any(url_matches(url, path) for url in rule.non_resource_urls)


def url_matches(pattern: str, path: str) -> bool:
    """`*` counts at the end only; inside a pattern it is a character."""
    return pattern == path or (pattern.endswith(ALL) and path.startswith(pattern.rstrip(ALL)))


def one_of(values: tuple[str, ...], value: str) -> bool:
    return value in values or ALL in values
