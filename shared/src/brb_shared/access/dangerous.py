"""Rights that are worth more than they look: with each of them, one can get further rights or other people's secrets.

Source: Kubernetes, "Role Based Access Control Good Practices", privilege escalation risks. They are not forbidden, they
are named in the answer when somebody grants them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from brb_shared.access.matching import one_of, rule_matches
from brb_shared.access.model import ALL, GROUP, Rule

RBAC = "rbac.authorization.k8s.io"
CERTIFICATES = "certificates.k8s.io"


class Code(StrEnum):
    EVERYTHING = "everything"
    IMPERSONATE = "impersonate"
    ESCALATE = "escalate"
    BIND = "bind"
    SERVICE_ACCOUNT_TOKENS = "service-account-tokens"
    NODE_PROXY = "node-proxy"
    POD_EXEC = "pod-exec"
    SECRETS = "secrets"
    CERTIFICATE_APPROVAL = "certificate-approval"


@dataclass(frozen=True, slots=True)
class Danger:
    """`rule` is the granted rule that contains it; `text` says what it makes possible."""

    code: Code
    rule: Rule
    text: str


@dataclass(frozen=True, slots=True)
class Sign:
    """A request that only a dangerous rule allows, whatever the name."""

    code: Code
    verb: str
    api_group: str
    resource: str
    text: str

    def shows_in(self, rule: Rule) -> bool:
        resource, _, subresource = self.resource.partition("/")
        return rule_matches(rule, self.verb, self.api_group, resource, subresource)


_IMPERSONATE = "act as somebody else, with all of their rights"
_ESCALATE = "write roles with rights that one does not hold"
_BIND = "give roles with rights that one does not hold"
_SECRETS = "read secrets, among them the tokens of service accounts"
_EXEC = "run commands in running containers, with their service account and their secrets"
_PROXY = "run commands in every container of a node, past admission and audit"
_SIGN = "issue client certificates for any user or group"

SIGNS = (
    *(Sign(Code.IMPERSONATE, "impersonate", "", what, _IMPERSONATE) for what in ("users", "groups", "serviceaccounts")),
    Sign(Code.IMPERSONATE, "impersonate", "authentication.k8s.io", "uids", _IMPERSONATE),
    Sign(Code.IMPERSONATE, "impersonate", "authentication.k8s.io", "userextras/scopes", _IMPERSONATE),
    *(Sign(Code.ESCALATE, "escalate", RBAC, what, _ESCALATE) for what in ("roles", "clusterroles")),
    Sign(Code.ESCALATE, "escalate", GROUP, "roles", _ESCALATE),
    *(Sign(Code.BIND, "bind", RBAC, what, _BIND) for what in ("roles", "clusterroles")),
    Sign(Code.BIND, "bind", GROUP, "roles", _BIND),
    Sign(
        Code.SERVICE_ACCOUNT_TOKENS, "create", "", "serviceaccounts/token", "issue tokens of any service account there"
    ),
    *(Sign(Code.NODE_PROXY, verb, "", "nodes/proxy", _PROXY) for verb in ("get", "create")),
    *(
        Sign(Code.POD_EXEC, verb, "", what, _EXEC)
        for verb in ("create", "get")
        for what in ("pods/exec", "pods/attach")
    ),
    Sign(Code.POD_EXEC, "update", "", "pods/ephemeralcontainers", _EXEC),
    Sign(Code.POD_EXEC, "patch", "", "pods/ephemeralcontainers", _EXEC),
    *(Sign(Code.SECRETS, verb, "", "secrets", _SECRETS) for verb in ("get", "list", "watch")),
    *(
        Sign(Code.CERTIFICATE_APPROVAL, verb, CERTIFICATES, "certificatesigningrequests/approval", _SIGN)
        for verb in ("update", "patch")
    ),
    Sign(Code.CERTIFICATE_APPROVAL, "approve", CERTIFICATES, "signers", _SIGN),
    Sign(Code.CERTIFICATE_APPROVAL, "sign", CERTIFICATES, "signers", _SIGN),
)


def dangers_of(rules: Iterable[Rule]) -> tuple[Danger, ...]:
    """Each danger once per rule. A rule for everything is one danger, not all of them."""
    return tuple(danger for rule in rules for danger in _dangers(rule))


def _dangers(rule: Rule) -> list[Danger]:
    if _is_everything(rule):
        return [Danger(Code.EVERYTHING, rule, "do everything with every resource")]
    shown = {sign.code: sign.text for sign in SIGNS if sign.shows_in(rule)}
    return [Danger(code, rule, text) for code, text in shown.items()]


def _is_everything(rule: Rule) -> bool:
    every_group = one_of(rule.api_groups, ALL)
    return ALL in rule.verbs and every_group and ALL in rule.resources and not rule.resource_names
