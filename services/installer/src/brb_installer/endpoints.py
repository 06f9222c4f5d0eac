"""The internal API: kubeconfigs for callers and the runs' output. Only the api-gateway may call it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from brb_installer.issuing import KubeconfigIssuer
from brb_installer.repository import find_run, list_runs
from brb_installer.schemas import (
    Kubeconfig,
    KubeconfigRequest,
    RunDetail,
    RunList,
    RunSummary,
    ServiceAccess,
    ServiceAccessRequest,
)
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.http import Caller, Problem, problem_responses, service_caller
from brb_shared.http.audit import acts_on, recorder_of

router = APIRouter(prefix="/internal/v1/clusters/{cluster_id}", tags=["internal"])

GatewayOnly = Annotated[Caller, Depends(service_caller(Service.API_GATEWAY))]


@router.post(
    "/kubeconfigs",
    status_code=201,
    dependencies=[Depends(acts_on("create", "clusters/kubeconfigs"))],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
async def create_kubeconfig(
    cluster_id: str, wanted: KubeconfigRequest, request: Request, caller: GatewayOnly
) -> Kubeconfig:
    """A kubeconfig with its own short-lived client certificate, pointing straight at the cluster."""
    recorder_of(request).after = wanted.model_dump(mode="json")
    if caller.user != wanted.user_id:
        raise Problem(403, "not_the_acting_user", "A kubeconfig is made for the acting user only")
    issuer: KubeconfigIssuer = request.app.state.issuer
    return await issuer.issue(ClusterId(cluster_id), wanted)


@router.post(
    "/service-accesses",
    status_code=201,
    dependencies=[Depends(acts_on("create", "clusters/service-accesses"))],
    responses=problem_responses(401, 403, 404, 409, 422, 503),
)
async def create_service_access(
    cluster_id: str, wanted: ServiceAccessRequest, request: Request, caller: GatewayOnly
) -> ServiceAccess:
    """A short-lived client certificate for one of the platform's services; what it may do, the cluster's RBAC says."""
    recorder_of(request).found(id=wanted.service)
    issuer: KubeconfigIssuer = request.app.state.issuer
    return await issuer.issue_to_service(ClusterId(cluster_id), wanted.service)


@router.get("/runs", dependencies=[Depends(acts_on("list", "clusters/runs"))], responses=problem_responses(401, 403))
async def get_runs(
    cluster_id: str,
    request: Request,
    caller: GatewayOnly,
    page_size: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RunList:
    """The newest runs of steps on the cluster's machines, newest first."""
    database: Database = request.app.state.database
    async with database.sessions() as session:
        rows = await list_runs(session, cluster_id, page_size)
    return RunList(items=[RunSummary.model_validate(row) for row in rows])


@router.get(
    "/runs/{run_id}",
    dependencies=[Depends(acts_on("get", "clusters/runs", "run_id"))],
    responses=problem_responses(401, 403, 404),
)
async def get_run(cluster_id: str, run_id: str, request: Request, caller: GatewayOnly) -> RunDetail:
    """One run with its whole output."""
    database: Database = request.app.state.database
    async with database.sessions() as session:
        row = await find_run(session, cluster_id, run_id)
    if row is None:
        raise Problem(404, "run_not_found", "There is no such run of this cluster")
    return RunDetail.model_validate(row)
