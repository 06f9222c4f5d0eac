"""Runs inside the api-gateway's container: asks authz on behalf of a user, as the gateway does.

    python3 -c "$(cat access_actor.py)" USER_ID GROUP …     see access_world.Authz

stdin: a JSON list of [method, path, body]; stdout: the list of their answers, one `[status, document]` each.
"""

import json
import os
import sys
from pathlib import Path

import httpx

from brb_shared.contracts.registry import Service
from brb_shared.http import ServiceKey


def main(user_id: str, groups: list[str], requests: list[tuple[str, str, object]]) -> list[tuple[int, object]]:
    key = ServiceKey.load(Path(os.environ["BRB_SERVICE_KEY_FILE"]), Service.API_GATEWAY)
    answers: list[tuple[int, object]] = []
    with httpx.Client(base_url=os.environ["BRB_AUTHZ_URL"], timeout=30) as client:
        for method, path, body in requests:
            headers = key.headers(Service.AUTHZ, user_id or None, groups=groups) | {"If-Match": "*"}
            answer = client.request(method, path, json=body, headers=headers)
            answers.append((answer.status_code, answer.json() if answer.content else None))
    return answers


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2:], json.load(sys.stdin))))
