"""The internal HTTP API. Every route is for services; what belongs to a tenant is for the tenant of the token only.

The tenant is a signed claim of the api-gateway's token, so that it is checked here, where the records are, and not only
at the gate.
"""

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
from brb_dns.updates.signing import NotSigned
from brb_dns.zone.config import ZoneConfig
from brb_shared.contracts.registry import Service
from brb_shared.contracts.tenant import Tenant
from brb_shared.contracts.zone import ZoneSnapshot
from brb_shared.http import Caller, Problem, problem_responses, service_caller

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


@router.get("/snapshot", responses=problem_responses(401, 403))
async def read_snapshot(records: RecordStore, _caller: Own) -> ZoneSnapshot:
    """All explicit records at one revision, for the processes that answer queries."""
    return await records.snapshot()


@router.post("/messages", responses=problem_responses(401, 403, 422), response_class=Response)
async def answer_message(request: Request, _caller: Own, transport: Literal["udp", "tcp"] = "udp") -> Response:
    """A DNS message with a TSIG (application/dns-message) to its answers, each behind its length in two bytes."""
    wire = await request.body()
    if len(wire) > _LONGEST_MESSAGE:
        raise Problem(422, "message_too_long", f"A DNS message has at most {_LONGEST_MESSAGE} bytes")
    signed: SignedAnswers = request.app.state.signed
    try:
        answers = await signed.answer(wire, is_tcp=transport == "tcp")
    except NotSigned as error:
        raise Problem(422, "not_signed", f"Not a signed DNS query: {error}") from error
    return Response(framed(answers), media_type=DNS_MESSAGE)


@router.get("/zone", responses=problem_responses(401, 403))
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


@router.get("/records", responses=problem_responses(401, 403))
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


@router.post("/records", status_code=status.HTTP_201_CREATED, responses=problem_responses(401, 403, 404, 409, 422))
async def create_record(body: RecordCreate, records: RecordStore, tenant: InTenant, caller: Gateway) -> RecordView:
    """Idempotent: the same record again is the same record."""
    draft = records.draft(body.name, body.type, body.value, body.ttl_seconds)
    owner = Owner(tenant, body.cluster_id)
    record = await records.add(owner, draft, Source.API, created_by=caller.user, replace=body.replace)
    return RecordView.of(record)


@router.get("/records/{record_id}", responses=problem_responses(401, 403, 404))
async def get_record(record_id: str, records: RecordStore, tenant: InTenant) -> RecordView:
    return RecordView.of(await records.get(tenant, record_id))


@router.delete("/records/{record_id}", status_code=204, responses=problem_responses(401, 403, 404))
async def delete_record(record_id: str, records: RecordStore, tenant: InTenant) -> None:
    await records.remove(tenant, record_id)


@router.get("/keys", responses=problem_responses(401, 403))
async def list_keys(keys: KeyStore, tenant: InTenant) -> KeyPage:
    return KeyPage(items=[KeyView.of(key) for key in await keys.list(tenant)])


@router.post("/keys", status_code=status.HTTP_201_CREATED, responses=problem_responses(401, 403, 422))
async def create_key(body: KeyCreate, keys: KeyStore, tenant: InTenant, caller: Gateway) -> KeyCreated:
    rights = Rights(body.names, body.types, body.may_transfer)
    key, secret = await keys.create(tenant, rights, description=body.description, created_by=caller.user)
    return KeyCreated(**KeyView.of(key).model_dump(), secret=secret)


@router.get("/keys/{key_id}", responses=problem_responses(401, 403, 404))
async def get_key(key_id: str, keys: KeyStore, tenant: InTenant) -> KeyView:
    return KeyView.of(await keys.get(tenant, key_id))


@router.delete("/keys/{key_id}", status_code=204, responses=problem_responses(401, 403, 404))
async def delete_key(key_id: str, keys: KeyStore, tenant: InTenant) -> None:
    await keys.delete(tenant, key_id)
