"""The preflight: is there room for all that is missing? Asked before anything is made."""

from brb_provisioner.errors import quota_exceeded
from brb_provisioner.ledger import EntryState
from brb_provisioner.machines import MachinePlan
from brb_provisioner.openstack.resources import Quotas, ResourceType
from brb_provisioner.quota import Needs, plan_needs, sentence_of, shortages
from brb_provisioner.steps.choices import flavor_of
from brb_provisioner.steps.results import DONE, StepResult, together
from brb_provisioner.steps.rules import rules_of_groups
from brb_provisioner.steps.scope import Scope
from brb_shared.contracts.infrastructure import ApiEndpoint

T = ResourceType


async def ask_for_quotas(scope: Scope) -> StepResult:
    """Where the ledger says that something is missing; what the look at the cloud finds missing is seen later.

    A missing machine needs some whatever its flavor: its flavor is not waited for.
    """
    if _missing_machines(scope) or await _needs(scope):
        await _known_quotas(scope)
    return DONE


async def require_quota(scope: Scope) -> StepResult:
    """Raises QuotaExceeded with numbers. What was asked for early may be from before a removal: it refuses nobody."""
    needs = await _needs(scope)
    if not needs:
        return DONE
    short = shortages(needs, await _known_quotas(scope)) and shortages(needs, await _quotas(scope))
    if short:
        made = any(entry.state is EntryState.MADE for entry in scope.ledger.entries.values())
        raise quota_exceeded(sentence_of(short) + ("" if made else ". Nothing was made"))
    return DONE


def _missing_machines(scope: Scope) -> list[MachinePlan]:
    return [plan for plan in scope.machines if scope.ledger.made_id(T.SERVER, plan.name) is None]


async def _needs(scope: Scope) -> Needs:
    missing = _missing_machines(scope)
    flavors = await together(flavor_of(scope, plan) for plan in missing)
    by_name = {plan.pool.flavor: flavor for plan, flavor in zip(missing, flavors, strict=True)}
    groups = rules_of_groups(scope.desired, {}, provider=scope.registered.lb_provider, subnet_cidr=scope.subnet_cidr)
    rules = {key: len(group) for key, group in groups.items()}

    def is_made(type_: ResourceType, key: str) -> bool:
        return scope.ledger.made_id(type_, key) is not None

    return plan_needs(scope.desired, is_made, by_name, rules)


async def _known_quotas(scope: Scope) -> Quotas:
    return await scope.quotas.get("all", lambda: _quotas(scope))


async def _quotas(scope: Scope) -> Quotas:
    asked = [scope.cloud.compute_quotas(), scope.cloud.network_quotas()]
    if any(plan.pool.root_volume_gib for plan in scope.machines):
        asked.append(scope.cloud.volume_quotas())
    if scope.desired.api_endpoint is ApiEndpoint.LOAD_BALANCER:
        asked.append(scope.cloud.load_balancer_quotas())
    quotas: Quotas = {}
    for answer in await together(asked):
        quotas |= answer
    return quotas
