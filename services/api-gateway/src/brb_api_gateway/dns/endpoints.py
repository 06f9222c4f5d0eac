"""/v1/zone, /v1/dns-records, /v1/dns-keys: host names of one's own beside those that every address has anyway."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response, status

from brb_api_gateway.access import Resource, SignedIn, Verb, declares
from brb_api_gateway.access import router as new_router
from brb_api_gateway.dns.client import DnsClient
from brb_api_gateway.dns.schemas import (
    DnsKeyCreate,
    DnsKeyCreated,
    DnsKeyView,
    DnsRecordCreate,
    DnsRecordView,
    RecordType,
    ZoneView,
)
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import ClusterId
from brb_shared.http.parameters import PageSize, PageToken

router = new_router("/v1", "dns")

_ID = r"^[a-z]{2}-[0-9a-z]{10}$"
RecordId = Annotated[str, Path(pattern=_ID)]
KeyId = Annotated[str, Path(pattern=_ID)]


def _client(request: Request) -> DnsClient:
    client: DnsClient = request.app.state.dns
    return client


Dns = Annotated[DnsClient, Depends(_client)]


@router.get("/zone", summary="The platform's own zone", **declares(Verb.GET, Resource.ZONES, 404, 502))
async def get_zone(principal: SignedIn, dns: Dns) -> ZoneView:
    """Which names lead where, and which can be taken. 404: the platform has no zone."""
    return await dns.zone(principal)


@router.get("/dns-records", summary="The project's records", **declares(Verb.LIST, Resource.DNS_RECORDS, 404, 502))
async def list_dns_records(
    principal: SignedIn,
    dns: Dns,
    name: Annotated[str | None, Query(max_length=254, description="Only records of this name")] = None,
    type: Annotated[RecordType | None, Query(description="Only records of this type")] = None,
    cluster_id: Annotated[
        ClusterId | None, Query(max_length=64, description="Only those that go with this cluster")
    ] = None,
    page_size: PageSize = 100,
    page_token: PageToken = None,
) -> Page[DnsRecordView]:
    return await dns.records(
        principal, name=name, type_=type, cluster_id=cluster_id, page_size=page_size, page_token=page_token
    )


@router.post(
    "/dns-records",
    status_code=status.HTTP_201_CREATED,
    summary="Add a record",
    **declares(Verb.CREATE, Resource.DNS_RECORDS, 403, 404, 409, 502),
)
async def create_dns_record(body: DnsRecordCreate, principal: SignedIn, dns: Dns, response: Response) -> DnsRecordView:
    """Answered by all servers within a second. The same record again is no error.

    403: the name is not under an address of yours. 409: another project has the host name, or a CNAME is in the way.
    """
    made = await dns.create_record(principal, body)
    response.headers["Location"] = f"/v1/dns-records/{made.id}"
    return made


@router.get("/dns-records/{record_id}", summary="One record", **declares(Verb.GET, Resource.DNS_RECORDS, 404, 502))
async def get_dns_record(record_id: RecordId, principal: SignedIn, dns: Dns) -> DnsRecordView:
    return await dns.record(principal, record_id)


@router.delete(
    "/dns-records/{record_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a record",
    **declares(Verb.DELETE, Resource.DNS_RECORDS, 404, 502),
)
async def delete_dns_record(record_id: RecordId, principal: SignedIn, dns: Dns) -> None:
    await dns.delete_record(principal, record_id)


@router.get("/dns-keys", summary="The project's keys", **declares(Verb.LIST, Resource.DNS_KEYS, 404, 502))
async def list_dns_keys(principal: SignedIn, dns: Dns) -> Page[DnsKeyView]:
    return await dns.keys(principal)


@router.post(
    "/dns-keys",
    status_code=status.HTTP_201_CREATED,
    summary="Make a key for updates",
    **declares(Verb.CREATE, Resource.DNS_KEYS, 403, 404, 502),
)
async def create_dns_key(body: DnsKeyCreate, principal: SignedIn, dns: Dns, response: Response) -> DnsKeyCreated:
    """For ACME clients and external-dns outside the platform. The secret is shown this once."""
    made = await dns.create_key(principal, body)
    response.headers["Location"] = f"/v1/dns-keys/{made.id}"
    return made


@router.get("/dns-keys/{key_id}", summary="One key", **declares(Verb.GET, Resource.DNS_KEYS, 404, 502))
async def get_dns_key(key_id: KeyId, principal: SignedIn, dns: Dns) -> DnsKeyView:
    return await dns.key(principal, key_id)


@router.delete(
    "/dns-keys/{key_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Delete a key",
    **declares(Verb.DELETE, Resource.DNS_KEYS, 404, 502),
)
async def delete_dns_key(key_id: KeyId, principal: SignedIn, dns: Dns) -> None:
    """Updates signed with it are refused at once; what came by it stays."""
    await dns.delete_key(principal, key_id)
