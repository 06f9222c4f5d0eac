"""The two security groups, and their rules, put back where someone took one out."""

from collections.abc import Mapping

import structlog

from brb_provisioner.errors import ResourceGone
from brb_provisioner.ledger import Changes
from brb_provisioner.openstack.resources import ResourceType, Rule
from brb_provisioner.steps.ensure import ensure_one
from brb_provisioner.steps.results import DONE, StepResult, together
from brb_provisioner.steps.rules import CONTROL_PLANE, WORKER, rules_of_groups
from brb_provisioner.steps.scope import Scope
from brb_shared.contracts.conditions import ErrorCode

T = ResourceType
_KEYS = (CONTROL_PLANE, WORKER)

log = structlog.get_logger()


async def ensure_security_groups(scope: Scope) -> StepResult:
    """Both groups, which ports need to have: as yet they let nothing in."""
    await together(_ensure_group(scope, key) for key in _KEYS)
    return DONE


async def ensure_security_group_rules(scope: Scope) -> StepResult:
    """Exactly our rules. Those without our mark are somebody else's and stay."""
    ids = {key: group_id for key in _KEYS if (group_id := scope.ledger.made_id(T.SECURITY_GROUP, key)) is not None}
    wanted = rules_of_groups(scope.desired, ids, provider=scope.registered.lb_provider, subnet_cidr=scope.subnet_cidr)
    there = {group.id: dict(group.rules) for group in await scope.seen.security_groups()}
    await together(_ensure_rules(scope, ids[key], wanted[key], there.get(ids[key])) for key in _KEYS)
    return DONE


async def _ensure_group(scope: Scope, key: str) -> None:
    slot, mark = scope.names.slot(T.SECURITY_GROUP, key), scope.names.mark
    await ensure_one(scope, slot, lambda: scope.cloud.create_security_group(slot.name, mark), "SecurityGroupCreated")


async def _ensure_rules(scope: Scope, group_id: str, wanted: frozenset[Rule], there: Mapping[str, Rule] | None) -> None:
    """`there` None: the group has just been made, or was empty at the look."""
    present = there or {}
    missing = sorted(wanted - set(present.values()), key=str)
    if missing:
        log.info("Opening", group_id=group_id, rules=len(missing))
        await scope.cloud.create_rules(group_id, scope.names.mark, missing)
        if present:
            await _tell(scope, f"{len(missing)} security group rules were missing and are put back")
    await together(_close(scope, rule_id) for rule_id, rule in present.items() if rule not in wanted)


async def _close(scope: Scope, rule_id: str) -> None:
    log.info("Closing", rule_id=rule_id)
    try:
        await scope.cloud.delete_rule(rule_id)
    except ResourceGone:
        log.info("The rule is gone already", rule_id=rule_id)


async def _tell(scope: Scope, message: str) -> None:
    event = scope.happened("SecurityGroupRepaired", message, code=ErrorCode.DEPENDENCIES)
    await scope.ledger.write(Changes(events=(event,)))
