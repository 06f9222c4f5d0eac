"""The internal HTTP API. Every route is for services; what belongs to a tenant is for the tenant of the token only.

The tenant is a signed claim of the api-gateway's token, so that it is checked here, where the records are, and not only
at the gate.
"""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response, status

from brb_dns.feed import DNS_MESSAGE, framed
from brb_dns.keys.model import Rights
from brb_dns.keys.service import Keys
from brb_dns.records.model import Owner, Source
from brb_dns.records.names import HOSTNAMES
from brb_dns.records.service import Records
from brb_dns.records.values import RecordType
from brb_dns.schemas import (
    KeyCreate,
    KeyCreated,
    KeyPage,
    KeyView,
    NameserverView,
    RecordCreate,
    RecordPage,
    RecordView,
    ZoneView,
)
from brb_dns.updates.messages import SignedAnswers
from brb_dns.updates.recording import Recording
from brb_dns.updates.signing import NotSigned
from brb_dns.zone.config import ZoneConfig
from brb_shared.contracts.registry import Service
from brb_shared.contracts.tenant import Tenant
from brb_shared.contracts.zone import ZoneSnapshot
from brb_shared.http import Caller, Problem, problem_responses, service_caller
from brb_shared.http.audit import AuditTrail, acts_on, recorder_of

router = APIRouter(prefix="/internal/v1", tags=["internal"])

_LONGEST_MESSAGE = 65_535

Gateway = Annotated[Caller, Depends(service_caller(Service.API_GATEWAY))]
Own = Annotated[Caller, Depends(service_caller(Service.DNS))]


def _tenant(caller: Gateway) -> Tenant:
    if caller.tenant is None:
        raise Problem(403, "tenant_missing", "The service token names no tenant to act in")
    return caller.tenant


def _records(request: Request) -> Records:
    records: Records = request.app.state.records
    return records


def _keys(request: Request) -> Keys:
    keys: Keys = request.app.state.keys
    return keys


InTenant = Annotated[Tenant, Depends(_tenant)]
RecordStore = Annotated[Records, Depends(_records)]
KeyStore = Annotated[Keys, Depends(_keys)]


@router.get("/snapshot", dependencies=[Depends(acts_on("get", "zones"))], responses=problem_responses(401, 403))
async def read_snapshot(records: RecordStore, _caller: Own) -> ZoneSnapshot:
    """All explicit records at one revision, for the processes that answer queries."""
    return await records.snapshot()


@router.post(
    "/messages",
    dependencies=[Depends(acts_on("update", "dnsrecords"))],
    responses=problem_responses(401, 403, 422),
    response_class=Response,
)
async def answer_message(
    request: Request,
    _caller: Own,
    transport: Literal["udp", "tcp"] = "udp",
    client: Annotated[str, Query(max_length=64, description="The address that the message came from")] = "",
) -> Response:
    """A DNS message with a TSIG (application/dns-message) to its answers, each behind its length in two bytes."""
    recording = _recording(request, client)
    wire = await request.body()
    if len(wire) > _LONGEST_MESSAGE:
        raise Problem(422, "message_too_long", f"A DNS message has at most {_LONGEST_MESSAGE} bytes")
    signed: SignedAnswers = request.app.state.signed
    try:
        answers = await signed.answer(wire, recording, is_tcp=transport == "tcp")
    except NotSigned as error:
        raise Problem(422, "not_signed", f"Not a signed DNS query: {error}") from error
    return Response(framed(answers), media_type=DNS_MESSAGE)


def _recording(request: Request, client: str) -> Recording:
    """What has no signature that verifies leaves no entry: strangers could fill the log with it."""
    trail: AuditTrail = request.app.state.audit_trail
    recorder = recorder_of(request)
    recorder.is_read, recorder.remote_addr = True, client
    return Recording(recorder, partial(trail.keep, request=request, status=status.HTTP_200_OK))


@router.get("/zone", dependencies=[Depends(acts_on("get", "zones"))], responses=problem_responses(401, 403))
async def read_zone(request: Request, records: RecordStore, _caller: Gateway) -> ZoneView:
    config: ZoneConfig = request.app.state.zone_config
    zone = config.origin
    servers = [
        NameserverView(name=server.name, addresses=tuple(str(address) for address in server.addresses))
        for server in config.servers
    ]
    return ZoneView(
        zone=zone,
        serial=await records.serial(),
        nameservers=tuple(servers),
        networks=tuple(str(network) for network in config.networks),
        hostnames=f"{HOSTNAMES}.{zone}",
        automatic=(f"<app>.<project>.<ip>.{zone}", f"<app>-<ip with hyphens>.{zone}", f"<ip in 8 hex digits>.{zone}"),
    )


@router.get("/records", dependencies=[Depends(acts_on("list", "dnsrecords"))], responses=problem_responses(401, 403))
async def list_records(
    records: RecordStore,
    tenant: InTenant,
    name: Annotated[str | None, Query(max_length=254)] = None,
    type: Annotated[RecordType | None, Query()] = None,
    cluster_id: Annotated[str | None, Query(max_length=64)] = None,
    page_size: Annotated[int, Query(ge=1, le=500)] = 100,
    page_token: Annotated[str, Query(max_length=64)] = "",
) -> RecordPage:
    found = await records.list(
        tenant, after=page_token, limit=page_size + 1, name=name, type_=type, cluster_id=cluster_id
    )
    page = [RecordView.of(record) for record in found[:page_size]]
    return RecordPage(items=page, next_page_token=page[-1].id if len(found) > page_size else None)


@router.post(
    "/records",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(acts_on("create", "dnsrecords"))],
    responses=problem_responses(401, 403, 404, 409, 422),
)
async def create_record(
    body: RecordCreate, records: RecordStore, tenant: InTenant, caller: Gateway, request: Request
) -> RecordView:
    """Idempotent: the same record again is the same record."""
    recorder = recorder_of(request)
    recorder.found(cluster_id=body.cluster_id or "")
    draft = records.draft(body.name, body.type, body.value, body.ttl_seconds)
    owner = Owner(tenant, body.cluster_id)
    record = await records.add(owner, draft, Source.API, created_by=caller.user, replace=body.replace)
    view = RecordView.of(record)
    recorder.found(id=view.id)
    recorder.after = view.model_dump(mode="json")
    return view


@router.get(
    "/records/{record_id}",
    dependencies=[Depends(acts_on("get", "dnsrecords", "record_id"))],
    responses=problem_responses(401, 403, 404),
)
async def get_record(record_id: str, records: RecordStore, tenant: InTenant) -> RecordView:
    return RecordView.of(await records.get(tenant, record_id))


@router.delete(
    "/records/{record_id}",
    status_code=204,
    dependencies=[Depends(acts_on("delete", "dnsrecords", "record_id"))],
    responses=problem_responses(401, 403, 404),
)
async def delete_record(record_id: str, records: RecordStore, tenant: InTenant, request: Request) -> None:
    gone = RecordView.of(await records.remove(tenant, record_id))
    recorder_of(request).found(cluster_id=gone.cluster_id or "")
    recorder_of(request).before = gone.model_dump(mode="json")


@router.get("/keys", dependencies=[Depends(acts_on("list", "dnskeys"))], responses=problem_responses(401, 403))
async def list_keys(keys: KeyStore, tenant: InTenant) -> KeyPage:
    return KeyPage(items=[KeyView.of(key) for key in await keys.list(tenant)])


@router.post(
    "/keys",
    status_code=status.HTTP_201_CREATED,
    dependencies=[Depends(acts_on("create", "dnskeys"))],
    responses=problem_responses(401, 403, 422),
)
async def create_key(
    body: KeyCreate, keys: KeyStore, tenant: InTenant, caller: Gateway, request: Request
) -> KeyCreated:
    rights = Rights(body.names, body.types, body.may_transfer)
    key, secret = await keys.create(tenant, rights, description=body.description, created_by=caller.user)
    view = KeyView.of(key)
    recorder_of(request).found(id=key.id)
    recorder_of(request).after = view.model_dump(mode="json")
    return KeyCreated(**view.model_dump(), secret=secret)


@router.get(
    "/keys/{key_id}",
    dependencies=[Depends(acts_on("get", "dnskeys", "key_id"))],
    responses=problem_responses(401, 403, 404),
)
async def get_key(key_id: str, keys: KeyStore, tenant: InTenant) -> KeyView:
    return KeyView.of(await keys.get(tenant, key_id))


@router.delete(
    "/keys/{key_id}",
    status_code=204,
    dependencies=[Depends(acts_on("delete", "dnskeys", "key_id"))],
    responses=problem_responses(401, 403, 404),
)
async def delete_key(key_id: str, keys: KeyStore, tenant: InTenant, request: Request) -> None:
    gone = await keys.delete(tenant, key_id)
    recorder_of(request).before = KeyView.of(gone).model_dump(mode="json")
