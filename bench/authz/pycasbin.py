"""pycasbin with what its model can say: no resource names and no `*/part`; scopes are handed to it resolved."""

import time
from collections.abc import Callable, Iterator, Sequence

import casbin

from bench.authz.figures import Check, Row, measure
from bench.authz.worlds import Platform
from brb_shared.access.explain import scopes_of
from brb_shared.access.index import Index
from brb_shared.access.model import Actor, Level, Request, World

_MODEL = """
[request_definition]
r = sub, scopes, group, res, verb

[policy_definition]
p = sub, group, res, verb

[role_definition]
g = _, _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = (p.verb == "*" || p.verb == r.verb) && (p.res == "*" || p.res == r.res) \
    && (p.group == "*" || p.group == r.group) && held(r.sub, p.sub, r.scopes)
"""


def measure_pycasbin(platform: Platform, questions: Sequence[Request]) -> Row:
    began = time.process_time()
    check = _check(platform.world)
    built = time.process_time() - began
    return Row("pycasbin", len(platform.world.bindings), measure(check, questions), built)


def _check(world: World) -> Check:
    index = Index(world)
    enforcer = _enforcer(index, world)

    def check(request: Request) -> bool:
        resource = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
        subjects, scopes = _subjects(request.actor), _scopes(index, request)
        return bool(enforcer.enforce(subjects, scopes, request.api_group, resource, request.verb))

    return check


def _enforcer(index: Index, world: World) -> casbin.Enforcer:
    model = casbin.Model()
    model.load_model_from_text(_MODEL)
    enforcer = casbin.Enforcer(model)
    for role in world.roles:
        enforcer.add_policies(list(_policies(index, role.id)))
    for binding in world.bindings:
        subject = f"{binding.subject.kind.value}:{binding.subject.id}"
        enforcer.add_grouping_policy(subject, binding.role_id, str(binding.scope))
    enforcer.add_function("held", _held(enforcer))
    return enforcer


def _policies(index: Index, role_id: str) -> Iterator[list[str]]:
    for rule in index.rules_of_role(role_id):
        for group in rule.api_groups:
            for resource in rule.resources:
                yield from ([role_id, group, resource, verb] for verb in rule.verbs)


def _held(enforcer: casbin.Enforcer) -> Callable[[Sequence[str], str, Sequence[str]], bool]:
    roles = enforcer.get_role_manager()

    def held(subjects: Sequence[str], role_id: str, scopes: Sequence[str]) -> bool:
        return any(roles.has_link(subject, role_id, scope) for scope in scopes for subject in subjects)

    return held


def _subjects(actor: Actor) -> tuple[str, ...]:
    return tuple(f"{subject.kind.value}:{subject.id}" for subject in actor.subjects)


def _scopes(index: Index, request: Request) -> tuple[str, ...]:
    scopes = scopes_of(request, index.places.resolve(request.place))
    return tuple(str(scope) for scope in scopes if scope.level is not Level.OBJECT)
