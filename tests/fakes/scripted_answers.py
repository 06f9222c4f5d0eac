"""What the scripted gateway answers with, beside clusters."""

from fakes.scripted_clusters import CREATED_AT, Json, full_spec

TOKEN = "brb-token-of-the-demo-user"


def session() -> Json:
    return {
        "id": "se-1",
        "cloud": "sandbox",
        "user": {"id": "u1", "name": "demo"},
        "project": {"id": "p1", "name": "demo"},
        "identity_provider": "keystone-sandbox",
        "method": "password",
        "created_at": CREATED_AT,
        "expires_at": "2099-01-01T00:00:00Z",
    }


def cloud(id_: str, auth_url: str = "http://keystone.example:5000/v3") -> Json:
    return {"id": id_, "display_name": id_.title(), "auth_url": auth_url, "region_name": "RegionOne"}


def choices(cloud_id: str) -> Json:
    network = {"id": "n1", "name": "public", "subnet_ids": []}
    version = {"version": "1.36.3", "supported": True, "default": True, "reason": "Supported"}
    image = {"id": "i1", "name": "debian", "minimum_disk_gib": 5, "minimum_memory_mib": 0, "supported": True}
    return {
        "cloud": cloud_id,
        "flavors": [{"id": "f1", "name": "m1.small", "vcpus": 2, "memory_mib": 2048, "disk_gib": 10}],
        "images": [image],
        "networks": [],
        "external_networks": [network],
        "availability_zones": ["nova"],
        "kubernetes_versions": [version],
        "load_balancers": True,
        "quotas": [{"resource": "instances", "limit": 10, "used": 0, "free": 10}],
    }


def api_token(asked: Json) -> Json:
    return {
        "id": "t-1",
        "name": asked["name"],
        "verbs": asked["verbs"],
        "resources": asked["resources"],
        "cloud": "sandbox",
        "project_id": "p1",
        "credential_id": "cr-1",
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2026-04-01T00:00:00Z",
        "last_used_at": None,
    }


def credential(name: str, id_: str = "cr-0000000001") -> Json:
    return {
        "id": id_,
        "name": name,
        "cloud": "sandbox",
        "project_id": "p1",
        "user_id": "u1",
        "application_credential_id": "a1",
        "created_by_platform": True,
        "created_at": CREATED_AT,
    }


def certificate(cluster_id: str, address: str) -> Json:
    name = f"demo.{address}.web.example.org"
    condition = {"type": "Ready", "status": "False", "reason": "Validating", "message": "It is looked at"}
    return {
        "metadata": {"id": "crt-0000000001", "name": name, "generation": 1, "created_at": CREATED_AT},
        "spec": {"cluster_id": cluster_id, "address": address, "project": "demo", "names": [f"*.{name}", name]},
        "status": {"state": "issuing", "conditions": [condition]},
    }


def webhook(url: str) -> Json:
    return {
        "id": "wh-1",
        "url": url,
        "event_types": ["*"],
        "description": "",
        "enabled": True,
        "created_at": CREATED_AT,
        "created_by": "u1",
    }


def delivery(state: str) -> Json:
    return {
        "id": "d-1",
        "webhook_id": "wh-1",
        "event_type": "cluster.ClusterReady",
        "state": state,
        "attempts": 3,
        "created_at": CREATED_AT,
        "payload": {},
    }


def run() -> Json:
    return {
        "id": "r1",
        "machine": "x-cp-0",
        "server_id": "s1",
        "step": "init",
        "started_at": CREATED_AT,
        "ended_at": CREATED_AT,
        "exit_code": 0,
    }


def plan(name: str, spec: Json, *, fits: bool) -> Json:
    need = {"resource": "floating_ips", "need": 3, "limit": 3, "used": 2, "free": 1, "fits": fits}
    return {
        "spec": full_spec(spec),
        "would_make": [{"type": "server", "count": 3}],
        "machines": [f"{name}-…-cp-0"],
        "quota": [need],
        "fits": fits,
        "code": None if fits else "ERR_INFRA_QUOTA_EXCEEDED",
        "message": "" if fits else "2 floating IPs missing: quota 3, used 2",
    }


def resources() -> Json:
    return {"items": [{"type": "router", "id": "r1", "name": "x"}, {"type": "server", "id": "s1", "name": "x-cp-0"}]}


def deletion_report(cluster_id: str) -> Json:
    return {
        "cluster_id": cluster_id,
        "name": "x",
        "requested_at": CREATED_AT,
        "removed": [{"type": "server", "id": "s1", "name": "x-cp-0"}, {"type": "network", "id": "n1", "name": "x"}],
        "remaining": [],
        "kept": [],
    }


KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- name: x
  cluster: {server: 'https://203.0.113.9:6443', certificate-authority-data: Q0E=}
users:
- name: demo@x
  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
contexts:
- name: x
  context: {cluster: x, user: demo@x}
current-context: x
"""


def dns_record(record_id: str, given: Json) -> Json:
    return {
        "id": record_id,
        "name": given["name"],
        "type": given["type"],
        "value": given["value"],
        "ttl_seconds": given["ttl_seconds"],
        "cluster_id": given["cluster_id"],
        "source": "api",
        "created_by": "u1",
        "created_at": CREATED_AT,
    }


def dns_key(given: Json) -> Json:
    return {
        "id": "dk-0123456789",
        "algorithm": "hmac-sha256",
        "names": given["names"],
        "types": given.get("types", ["TXT"]),
        "may_transfer": given["may_transfer"],
        "description": given["description"],
        "created_by": "u1",
        "created_at": CREATED_AT,
        "last_used_at": None,
    }


ZONE: Json = {
    "zone": "web.example.org",
    "serial": 7,
    "nameservers": [{"name": "ns1.web.example.org", "addresses": ["192.0.2.1"]}],
    "networks": ["198.51.100.0/24"],
    "hostnames": "apps.web.example.org",
    "automatic": ["<app>.<project>.<ip>.web.example.org"],
}
