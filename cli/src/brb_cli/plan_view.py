"""What a cluster would need, before anything is made."""

from typing import Any

from brb_cli.api import MERGE_PATCH, Api
from brb_cli.errors import error_class
from brb_cli.models import Cluster, Plan
from brb_cli.options import Common
from brb_cli.output import Column, column, print_line, show_list, show_one

QUOTA_COLUMNS = (
    column("Resource", "resource"),
    column("Need", "need"),
    column("Free", "free"),
    column("Limit", "limit"),
    column("Used", "used"),
    column("Fits", "fits"),
)


def _makes(document: dict[str, Any]) -> str:
    return ", ".join(f"{each['count']} {each['type']}" for each in document["would_make"])


PLAN_COLUMNS = (
    column("Fits", "fits"),
    Column("Makes", _makes),
    column("Machines", "machines"),
    column("Version", "spec.kubernetes_version"),
    column("Endpoint", "spec.api_endpoint"),
    column("Message", "message"),
)


def read_plan(api: Api, body: dict[str, Any]) -> Plan:
    params = {"validate_only": "true"}
    return Plan.model_validate(api.send("POST", "/v1/clusters", body=body, params=params, may_repeat=True).body)


def read_change_plan(api: Api, cluster: Cluster, patch: dict[str, Any]) -> Plan:
    """What a patch of it would make and take away."""
    path, params = f"/v1/clusters/{cluster.metadata.id}", {"validate_only": "true"}
    return Plan.model_validate(api.send("PATCH", path, body=patch, params=params, content_type=MERGE_PATCH).body)


def require_fit(plan: Plan) -> None:
    """Raises QuotaExceeded: nothing was touched, and nothing will be."""
    if not plan.fits:
        code = plan.code or "ERR_INFRA_QUOTA_EXCEEDED"
        raise error_class(code)(f"It does not fit: {plan.message}", code=code)


def show_plan(common: Common, plan: Plan) -> None:
    show_one(common, plan.document(), PLAN_COLUMNS, name="spec.kubernetes_version")
    if common.format == "table" and not common.column:
        print_line("")
        show_list(common, plan.document().get("quota", []), QUOTA_COLUMNS, name="resource")
