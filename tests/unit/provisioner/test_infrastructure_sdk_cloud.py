"""The SDK adapter over a scripted transport: every foreign exception becomes one of ours, request ids are logged."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
import requests
import structlog

from brb_provisioner import errors
from brb_provisioner.openstack.cloud import PortPlan
from brb_provisioner.openstack.resources import Flavor, QuotaResource, Rule
from brb_provisioner.openstack.sdk_cloud import (
    ApplicationCredential,
    Bounds,
    SdkCloud,
    connect_application_credential,
)
from brb_shared.clouds import Cloud as RegisteredCloud
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.reconcile import ReconcileError
from fakes.cloud_transport import HOST, Answer, ScriptedTransport

# The SDK warns of what the SDK itself still does
pytestmark = pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning")

REGISTERED = RegisteredCloud(display_name="Scripted", auth_url=f"{HOST}:5000/v3")
MARK = "brb:cluster=c-1"


@pytest.fixture
async def pool() -> AsyncIterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(2)
    yield pool
    pool.shutdown()


def cloud_over(transport: ScriptedTransport, pool: ThreadPoolExecutor, *, parallel_calls: int = 4) -> SdkCloud:
    return connected(transport, Bounds(pool, 5.0, parallel_calls))


def connected(transport: ScriptedTransport, bounds: Bounds) -> SdkCloud:
    credential = ApplicationCredential("ac-1", "canary-secret", "project-1")
    cloud = connect_application_credential(REGISTERED, credential, bounds)
    cloud.connection.session.session.mount("http://", transport)
    return cloud


def always(answer: Answer) -> Callable[[requests.PreparedRequest], Answer]:
    return lambda _request: answer


def neutron_error(status: int, kind: str, message: str) -> Answer:
    return status, {"NeutronError": {"type": kind, "message": message, "detail": ""}}


FAULTS: list[tuple[Answer, type[ReconcileError], ErrorCode]] = [
    (neutron_error(400, "Invalid", "Invalid input"), errors.Misconfigured, ErrorCode.CONFIGURATION_PROBLEM),
    ((401, {"error": {"message": "The request you have made requires authentication."}}),
     errors.Unauthenticated, ErrorCode.UNAUTHENTICATED),
    (neutron_error(403, "PolicyNotAuthorized", "not allowed"), errors.Unauthorized, ErrorCode.UNAUTHORIZED),
    ((403, {"forbidden": {"code": 403, "message": "Quota exceeded for cores"}}),
     errors.QuotaExceeded, ErrorCode.QUOTA_EXCEEDED),
    (neutron_error(404, "NetworkNotFound", "Network n could not be found"),
     errors.ResourceGone, ErrorCode.DEPENDENCIES),
    (neutron_error(409, "OverQuota", "Quota exceeded for resources: ['port']."),
     errors.QuotaExceeded, ErrorCode.QUOTA_EXCEEDED),
    (neutron_error(409, "IpAddressGenerationFailure", "No more IP addresses available on network n"),
     errors.ResourcesDepleted, ErrorCode.RESOURCES_DEPLETED),
    (neutron_error(409, "PortInUse", "Port is in use"), errors.CloudBusy, ErrorCode.INFRA_UNAVAILABLE),
    ((429, {"error": {"message": "slow down"}}), errors.RateLimited, ErrorCode.RATE_LIMITS_EXCEEDED),
    ((500, {"NeutronError": "Request Failed: internal server error"}),
     errors.CloudUnavailable, ErrorCode.INFRA_UNAVAILABLE),
    ((503, {"message": "down"}), errors.CloudUnavailable, ErrorCode.INFRA_UNAVAILABLE),
    (requests.exceptions.ReadTimeout("read timed out"), errors.CloudUnavailable, ErrorCode.INFRA_UNAVAILABLE),
    (requests.exceptions.ConnectTimeout("connect timed out"), errors.CloudUnavailable, ErrorCode.INFRA_UNAVAILABLE),
    (requests.exceptions.ConnectionError("Connection aborted"), errors.CloudUnavailable, ErrorCode.INFRA_UNAVAILABLE),
    (requests.exceptions.ChunkedEncodingError("cut"), errors.CloudUnavailable, ErrorCode.INFRA_UNAVAILABLE),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "kind", "code"), FAULTS, ids=lambda value: getattr(value, "__name__", None))
async def test_each_failure_becomes_one_of_our_errors(
    answer: Answer, kind: type[ReconcileError], code: ErrorCode, pool: ThreadPoolExecutor
) -> None:
    cloud = cloud_over(ScriptedTransport(always(answer)), pool)
    with pytest.raises(ReconcileError) as caught:
        await cloud.create_port(PortPlan("m", MARK, "n", "s", "g"))
    assert type(caught.value) is kind
    assert caught.value.code is code
    assert "creating a port" in caught.value.message
    assert "canary" not in caught.value.message


@pytest.mark.parametrize("answer", [
    (401, {"error": {"message": "Could not recognize Application Credential"}}),
    (404, {"error": {"message": "Could not find Application Credential: ac-1."}}),
])  # fmt: skip
async def test_a_credential_that_is_gone_is_unauthenticated(answer: Answer, pool: ThreadPoolExecutor) -> None:
    transport = ScriptedTransport(always((200, {})))
    transport.sign_in = answer
    with pytest.raises(errors.Unauthenticated):
        await cloud_over(transport, pool).authenticate()


async def test_keystone_that_does_not_answer_is_no_dead_credential(pool: ThreadPoolExecutor) -> None:
    transport = ScriptedTransport(always((200, {})))
    transport.sign_in = requests.exceptions.ConnectionError("refused")
    with pytest.raises(errors.CloudUnavailable):
        await cloud_over(transport, pool).authenticate()


async def test_a_create_carries_the_mark_in_the_same_request(pool: ThreadPoolExecutor) -> None:
    transport = ScriptedTransport(always((201, {"network": {"id": "n", "name": "x", "description": MARK}})))
    network = await cloud_over(transport, pool).create_network("x", MARK)
    assert network.description == MARK
    (post,) = [request for request in transport.requests if request.method == "POST" and "networks" in str(request.url)]
    assert MARK.encode() in (post.body if isinstance(post.body, bytes) else str(post.body).encode())


async def test_only_the_first_connection_asks_the_services_for_their_versions(pool: ThreadPoolExecutor) -> None:
    bounds, asked = Bounds(pool, 5.0, 4), []
    for _ in range(2):
        transport = ScriptedTransport(always((200, {"servers": []})))
        await connected(transport, bounds).list_servers(MARK)
        asked.append([str(request.url) for request in transport.requests])
    first, second = asked
    assert [url for url in first if url.rstrip("/").endswith("/v2.1")]
    assert not [url for url in second if url.rstrip("/").endswith("/v2.1")]


async def test_building_servers_are_listed_without_their_details(pool: ThreadPoolExecutor) -> None:
    transport = ScriptedTransport(always((200, {"servers": [{"id": "s-1", "name": "demo-w-0", "links": []}]})))
    assert await connected(transport, Bounds(pool, 5.0, 4)).list_building_servers(MARK) == {"s-1"}
    asked = httpx.URL(str(transport.requests[-1].url))
    assert asked.path.endswith("/servers")
    assert (asked.params["status"], asked.params["tags"]) == ("BUILD", MARK)


@pytest.mark.parametrize("wanted", ["m1.medium", "3"])
async def test_a_flavor_is_found_by_name_or_id_in_one_request(wanted: str, pool: ThreadPoolExecutor) -> None:
    flavors = [
        {"id": "2", "name": "m1.small", "vcpus": 1, "ram": 2048},
        {"id": "3", "name": "m1.medium", "vcpus": 2, "ram": 4096},
    ]
    transport = ScriptedTransport(always((200, {"flavors": flavors})))
    assert await cloud_over(transport, pool).find_flavor(wanted) == Flavor("3", "m1.medium", 2, 4096)
    assert sum("/flavors" in str(request.url) for request in transport.requests) == 1


async def test_a_flavor_that_is_not_there_is_said(pool: ThreadPoolExecutor) -> None:
    with pytest.raises(errors.Misconfigured, match="no flavor m9"):
        await cloud_over(ScriptedTransport(always((200, {"flavors": []}))), pool).find_flavor("m9")


async def test_lists_ask_for_the_mark_and_the_project(pool: ThreadPoolExecutor) -> None:
    transport = ScriptedTransport(always((200, {"ports": []})))
    assert await cloud_over(transport, pool).list_ports(MARK) == []
    url = str(transport.requests[-1].url)
    assert "description=brb%3Acluster%3Dc-1" in url
    assert "project_id=project-1" in url


async def test_rules_of_others_in_our_group_are_not_ours(pool: ThreadPoolExecutor) -> None:
    rule = {"direction": "ingress", "protocol": "tcp", "port_range_min": 1, "port_range_max": 2,
            "remote_ip_prefix": "0.0.0.0/0", "remote_group_id": None}  # fmt: skip
    group = {"id": "g", "name": "g", "description": MARK, "security_group_rules": [
        {"id": "ours", "description": MARK, **rule},
        {"id": "theirs", "description": "", **rule},
        {"id": "egress", "description": MARK, **rule, "direction": "egress"},
    ]}  # fmt: skip
    transport = ScriptedTransport(always((200, {"security_groups": [group]})))
    (found,) = await cloud_over(transport, pool).list_security_groups(MARK)
    assert found.rules == (("ours", Rule("tcp", 1, 2, remote_cidr="0.0.0.0/0")),)


async def test_an_unlimited_quota_has_no_limit(pool: ThreadPoolExecutor) -> None:
    details = {"port": {"limit": -1, "used": 3, "reserved": 1}, "floatingip": {"limit": 5, "used": 2, "reserved": 1}}
    quotas = await cloud_over(ScriptedTransport(always((200, {"quota": details}))), pool).network_quotas()
    assert quotas[QuotaResource.PORTS].limit is None
    assert (quotas[QuotaResource.FLOATING_IPS].limit, quotas[QuotaResource.FLOATING_IPS].used) == (5, 3)


async def test_requests_of_one_cluster_are_bounded(pool: ThreadPoolExecutor) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def answer(_request: requests.PreparedRequest) -> Answer:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        with lock:
            running -= 1
        return 200, {"ports": []}

    cloud = cloud_over(ScriptedTransport(answer), pool, parallel_calls=1)
    await asyncio.gather(*(cloud.list_ports(MARK) for _ in range(10)))
    assert most == 1


async def test_request_ids_are_logged_and_secrets_are_not(
    pool: ThreadPoolExecutor, everything_logged: list[structlog.types.EventDict]
) -> None:
    transport = ScriptedTransport(always((201, {"network": {"id": "n", "name": "x", "description": MARK}})))
    with structlog.contextvars.bound_contextvars(cluster_id="c-1"):
        await cloud_over(transport, pool).create_network("x", MARK)
    (line,) = [line for line in everything_logged if line.get("method") == "POST" and "networks" in line["url"]]
    assert line["openstack_request_id"] == "req-1234"
    assert line["cluster_id"] == "c-1"
    assert "canary-secret" not in str(everything_logged)


@pytest.fixture
def everything_logged() -> Iterator[list[structlog.types.EventDict]]:
    lines: list[structlog.types.EventDict] = []

    def keep(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
        lines.append(dict(event))
        raise structlog.DropEvent

    with configured([structlog.contextvars.merge_contextvars, keep]):
        yield lines


@contextmanager
def configured(processors: list[structlog.types.Processor]) -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(processors=processors, wrapper_class=structlog.make_filtering_bound_logger(0))
    yield
    structlog.configure(**before)
