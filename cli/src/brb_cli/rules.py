"""Rules of roles as a line of text: `VERBS RESOURCES [NAMES]`, each a list with commas.

A resource is `clusters` (the platform's own, api group brb.io), `pods.core` (Kubernetes' core group),
`deployments.apps`, `pods.core/exec` (a sub-resource), `*.apps` or `*` (all of all groups); what begins with `/` is a
URL: `get /metrics`.
"""

import sys
from pathlib import Path
from typing import Any

from brb_cli.errors import CliError
from brb_cli.output import Json

OWN_GROUP = "brb.io"
CORE = "core"
ALL = "*"


def parse_resource(text: str) -> tuple[str, str]:
    """Its api group and its name with its sub-resource."""
    head, slash, subresource = text.partition("/")
    name, _, group = head.partition(".")
    if text == ALL:
        return ALL, ALL
    return {"": OWN_GROUP, CORE: ""}.get(group, group), f"{name}{slash}{subresource}"


def parse_rules(text: str) -> list[Json]:
    """A rule for each api group that is named."""
    words = text.split()
    if not 2 <= len(words) <= 3:
        hint = "Write it as 'get,list pods.core,deployments.apps', names behind: 'get secrets.core one,two'"
        raise CliError(f"{text!r} is not a rule", code="invalid_argument", hint=hint)
    verbs, resources, *more = (word.split(",") for word in words)
    names = [name for each in more for name in each]
    if all(resource.startswith("/") for resource in resources):
        return [{"verbs": verbs, "non_resource_urls": resources}]
    by_group: dict[str, list[str]] = {}
    for group, name in map(parse_resource, resources):
        by_group.setdefault(group, []).append(name)
    return [
        {"verbs": verbs, "api_groups": [group], "resources": named, "resource_names": names}
        for group, named in by_group.items()
    ]


def render_rule(rule: Json) -> str:
    """As `parse_rules` reads it."""
    urls = ["/*" if url == ALL else url for url in rule.get("non_resource_urls") or ()]
    groups, resources = rule.get("api_groups") or (), rule.get("resources") or ()
    things = [_resource(group, resource) for group in groups for resource in resources]
    parts = (rule.get("verbs") or (), (*things, *urls), rule.get("resource_names") or ())
    return " ".join(",".join(part) for part in parts if part)


def read_rules(file: Path) -> list[Json]:
    """The rules of a YAML or JSON file: a list, or a role as `brb role show -o yaml` prints it. `-`: stdin."""
    import yaml

    try:
        document: Any = yaml.safe_load(sys.stdin if str(file) == "-" else file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise CliError(f"{file} cannot be read: {error}", code="invalid_argument") from error
    rules = document.get("rules") if isinstance(document, dict) else document
    if not isinstance(rules, list):
        raise CliError(f"{file} has no list of rules", code="invalid_argument")
    return rules


def _resource(group: str, resource: str) -> str:
    if (group, resource) == (ALL, ALL):
        return ALL
    name, slash, subresource = resource.partition("/")
    short = {OWN_GROUP: "", "": f".{CORE}"} if name != ALL else {"": f".{CORE}"}
    suffix = short.get(group, f".{group}")
    return f"{name}{suffix}{slash}{subresource}"
