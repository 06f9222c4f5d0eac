"""The groups of a user, asked of Keystone over HTTP as it answers them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from brb_api_gateway.openstack.cloud import CloudUnavailable, NotAllowed, NotThere
from brb_api_gateway.openstack.sdk_cloud import SdkOpenStack
from brb_shared.clouds import Cloud

TOKEN = json.dumps(
    {"auth_token": "of-alice", "body": {"token": {"user": {"id": "u-1"}, "expires_at": "2999-01-01T00:00:00.000000Z"}}}
).encode()
GROUPS = {"links": {}, "groups": [{"id": "g-2", "name": "b"}, {"id": "g-1", "name": "a"}]}


class Keystone:
    def __init__(self) -> None:
        self.status = 200
        self.asked: list[tuple[str, str | None]] = []

    def handler(self) -> type[BaseHTTPRequestHandler]:
        keystone = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                keystone.asked.append((self.path, self.headers.get("X-Auth-Token")))
                self.send_response(keystone.status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(
                    json.dumps(GROUPS if keystone.status == 200 else {"error": {"message": "no"}}).encode()
                )

            def log_message(self, *_: object) -> None:
                return None

        return Handler


@pytest.fixture
def keystone() -> Keystone:
    return Keystone()


@pytest.fixture
def cloud(keystone: Keystone) -> Iterator[Cloud]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), keystone.handler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Cloud(display_name="Test", auth_url=f"http://127.0.0.1:{server.server_address[1]}/v3")
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_user_asks_for_his_own_groups_with_his_own_token(keystone: Keystone, cloud: Cloud) -> None:
    openstack = SdkOpenStack(threads=1, timeout_seconds=5)
    assert await openstack.list_groups(cloud, TOKEN, "u-1") == ("g-1", "g-2")
    assert keystone.asked == [("/v3/users/u-1/groups", "of-alice")]
    await openstack.close()


@pytest.mark.parametrize(("status", "error"), [(403, NotAllowed), (404, NotThere), (500, CloudUnavailable)])
async def test_what_keystone_refuses_is_told_apart(
    keystone: Keystone, cloud: Cloud, status: int, error: type[Exception]
) -> None:
    keystone.status = status
    openstack = SdkOpenStack(threads=1, timeout_seconds=5)
    with pytest.raises(error):
        await openstack.list_groups(cloud, TOKEN, "u-1")
    await openstack.close()
