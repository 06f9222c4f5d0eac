"""What Keystone knows: services and endpoints, roles, projects, users."""

from typing import Any

from brb_sandbox.passwords import Passwords
from brb_sandbox.places import ADDRESS, API_PORTS

_SERVICES = (
    ("nova", "compute", "nova", "/v2.1"),
    ("neutron", "network", "neutron", ""),
    ("glance", "image", "glance", ""),
    ("placement", "placement", "placement", ""),
    ("cinder", "block-storage", "cinder", "/v3"),
    ("cinderv3", "volumev3", "cinder", "/v3"),
    ("octavia", "load-balancer", "octavia", ""),
)
_NEW_ROLES = ("load-balancer_member", "load-balancer_admin")
_GRANTS = (
    ("service", "service", ("admin", "service")),
    ("operator", "admin", ("admin", "load-balancer_admin")),
    ("admin", "admin", ("load-balancer_admin",)),
    ("demo", "demo", ("member", "load-balancer_member")),
    ("small", "small", ("member", "load-balancer_member")),
)


def seed_catalog(cloud: Any, passwords: Passwords) -> None:
    """Fill a freshly bootstrapped Keystone. `cloud` is an openstacksdk connection as admin."""
    identity = cloud.identity
    for name, kind, port_of, path in _SERVICES:
        service = identity.create_service(name=name, type=kind)
        for interface in ("public", "internal", "admin"):
            url = f"http://{ADDRESS}:{API_PORTS[port_of]}{path}"
            identity.create_endpoint(service_id=service.id, interface=interface, url=url, region_id="RegionOne")
    known = {role.name for role in identity.roles()}
    for name in ("service", *_NEW_ROLES):
        if name not in known:
            identity.create_role(name=name)
    for name in ("service", "demo", "small"):
        identity.create_project(name=name, domain_id="default")
    user_passwords = {"service": passwords.service, **passwords.people}
    for name in ("service", "operator", "demo", "small"):
        identity.create_user(name=name, password=user_passwords[name], domain_id="default")
    _grant(identity)


def _grant(identity: Any) -> None:
    roles = {role.name: role for role in identity.roles()}
    for user_name, project_name, role_names in _GRANTS:
        user, project = identity.find_user(user_name), identity.find_project(project_name)
        for role_name in role_names:
            identity.assign_project_role_to_user(project, user, roles[role_name])
