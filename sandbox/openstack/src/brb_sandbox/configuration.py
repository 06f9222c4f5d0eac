"""Write every service's configuration file. What is not said here is OpenStack's default."""

from pathlib import Path

from brb_sandbox import database
from brb_sandbox.passwords import Passwords, write_private
from brb_sandbox.places import ADDRESS, AUTH_URL, CLOUDS_FILE, HOST, LOCAL_AUTH_URL, STATE
from brb_sandbox.switch import NORTHBOUND, SOUTHBOUND

Options = dict[str, object]
Sections = dict[str, Options]

_LOGGING: Options = {"use_stderr": "true"}
# RPC inside a project's one process: no message broker
_MESSAGING: Options = {**_LOGGING, "transport_url": "fake:///", "rpc_response_timeout": 60}
_LOCK_PATH: Options = {"lock_path": STATE / "lock"}
_OVN: Options = {"ovn_nb_connection": NORTHBOUND, "ovn_sb_connection": SOUTHBOUND}
_NO_NOTIFICATIONS: Sections = {"oslo_messaging_notifications": {"driver": "noop"}}


def write_all(passwords: Passwords) -> None:
    """All of /etc for this sandbox's passwords, and the clouds file for people."""
    writers = {
        "/etc/keystone/keystone.conf": keystone,
        "/etc/glance/glance-api.conf": glance,
        "/etc/placement/placement.conf": placement,
        "/etc/nova/nova.conf": nova,
        "/etc/cinder/cinder.conf": cinder,
        "/etc/neutron/neutron.conf": neutron,
        "/etc/octavia/octavia.conf": octavia,
    }
    for path, sections in writers.items():
        write_private(Path(path), render_ini({**sections(passwords), **_NO_NOTIFICATIONS}))
    # neutron's WSGI module insists that this file exists
    write_private(Path("/etc/neutron/plugins/ml2/ml2_conf.ini"), "[DEFAULT]\n")
    write_private(CLOUDS_FILE, render_clouds(passwords))


def keystone(passwords: Passwords) -> Sections:
    keys = STATE / "keystone/fernet-keys"
    return {
        "DEFAULT": _LOGGING,
        "database": _database("keystone", passwords),
        "token": {"provider": "fernet"},
        "fernet_tokens": {"key_repository": keys},
        "fernet_receipts": {"key_repository": keys},
        "credential": {"key_repository": STATE / "keystone/credential-keys"},
        "identity": {"password_hash_rounds": 4},
        "cache": {"enabled": "true", "backend": "dogpile.cache.memory"},
    }


def glance(passwords: Passwords) -> Sections:
    return {
        "DEFAULT": {**_LOGGING, "enabled_backends": "file:file", "workers": 1},
        "database": _database("glance", passwords),
        "glance_store": {"default_backend": "file"},
        "file": {"filesystem_store_datadir": STATE / "glance"},
        "os_glance_tasks_store": {"filesystem_store_datadir": STATE / "glance-tasks"},
        "os_glance_staging_store": {"filesystem_store_datadir": STATE / "glance-staging"},
        "keystone_authtoken": _token_check(passwords),
        "paste_deploy": {"flavor": "keystone"},
    }


def placement(passwords: Passwords) -> Sections:
    return {
        "DEFAULT": _LOGGING,
        "placement_database": _database("placement", passwords),
        "keystone_authtoken": _token_check(passwords),
        "api": {"auth_strategy": "keystone"},
    }


def nova(passwords: Passwords) -> Sections:
    login = _login(passwords)
    return {
        "DEFAULT": {
            **_MESSAGING,
            "host": HOST,
            "my_ip": "127.0.0.1",
            "state_path": STATE / "nova",
            # nova prefixes this with nova.virt: the driver has to live there
            "compute_driver": "brb_machine.MachineDriver",
            "enabled_apis": "osapi_compute",
            "default_schedule_zone": "nova",
            "cpu_allocation_ratio": 32,
            "ram_allocation_ratio": 4,
            "disk_allocation_ratio": 16,
            "reserved_host_memory_mb": 0,
            "force_config_drive": "true",
            "resume_guests_state_on_host_boot": "true",
            "max_concurrent_builds": 4,
            "report_interval": 10,
            "service_down_time": 60,
            "instance_usage_audit": "false",
            "sync_power_state_interval": 30,
            "update_resources_interval": 30,
        },
        "database": _database("nova", passwords),
        "api_database": _database("nova_api", passwords),
        "api": {"auth_strategy": "keystone"},
        "scheduler": {"workers": 1},
        "filter_scheduler": {"track_instance_changes": "false"},
        "conductor": {"workers": 1},
        "oslo_concurrency": _LOCK_PATH,
        "placement": login,
        "neutron": login,
        "cinder": {"os_region_name": "RegionOne", **login},
        "glance": login,
        "service_user": {"send_service_user_token": "true", **login},
        "keystone_authtoken": _token_check(passwords),
    }


def cinder(passwords: Passwords) -> Sections:
    login = _login(passwords)
    return {
        "DEFAULT": {
            **_MESSAGING,
            "host": HOST,
            "my_ip": "127.0.0.1",
            "state_path": STATE / "cinder",
            "enabled_backends": "loop",
            "scheduler_driver_init_wait_time": 1,
            "default_volume_type": "__DEFAULT__",
            "glance_api_servers": "http://127.0.0.1:9292",
            "osapi_volume_workers": 1,
            "api_paste_config": "/etc/cinder/api-paste.ini",
            "resource_query_filters_file": "/etc/cinder/resource_filters.json",
            "backup_driver": "",
        },
        "loop": {"volume_driver": "cinder.volume.drivers.brb_loopfile.LoopFileDriver", "volume_backend_name": "loop"},
        "database": _database("cinder", passwords),
        "oslo_concurrency": _LOCK_PATH,
        "nova": {"interface": "internal", **login},
        "service_user": {"send_service_user_token": "true", **login},
        "keystone_authtoken": _token_check(passwords),
    }


def neutron(passwords: Passwords) -> Sections:
    login = _login(passwords)
    return {
        "DEFAULT": {
            **_MESSAGING,
            "host": HOST,
            "core_plugin": "ml2",
            "service_plugins": "ovn-router",
            "api_workers": 1,
            "rpc_workers": 0,
            "state_path": STATE / "neutron",
            # 1500 for the tenants after geneve's 58: nothing really travels in a tunnel here
            "global_physnet_mtu": 1558,
            "dns_domain": "openstacklocal.",
            "notify_nova_on_port_status_changes": "true",
            "notify_nova_on_port_data_changes": "true",
        },
        "database": _database("neutron", passwords),
        "nova": login,
        "placement": login,
        "oslo_concurrency": _LOCK_PATH,
        "agent": {"root_helper": ""},
        "ml2": {
            "type_drivers": "flat,geneve",
            "tenant_network_types": "geneve",
            "mechanism_drivers": "ovn",
            "extension_drivers": "port_security",
            "overlay_ip_version": 4,
        },
        "ml2_type_flat": {"flat_networks": "public"},
        "ml2_type_geneve": {"vni_ranges": "1:65535", "max_header_size": 38},
        "securitygroup": {"enable_security_group": "true"},
        # subnets without a resolver of their own get this container's
        "ovn": {**_OVN, "ovn_metadata_enabled": "false", "dns_servers": ADDRESS},
        "quotas": {"quota_security_group": 100, "quota_security_group_rule": 1000, "quota_port": 500},
        "keystone_authtoken": _token_check(passwords),
    }


def octavia(passwords: Passwords) -> Sections:
    return {
        "DEFAULT": _MESSAGING,
        "api_settings": {
            "bind_host": "0.0.0.0",
            "bind_port": 9876,
            "auth_strategy": "keystone",
            "enabled_provider_drivers": "ovn:OVN",
            "default_provider_driver": "ovn",
        },
        "driver_agent": {
            "status_socket_path": "/run/octavia/status.sock",
            "stats_socket_path": "/run/octavia/stats.sock",
            "get_socket_path": "/run/octavia/get.sock",
            "enabled_provider_agents": "ovn",
            "status_max_processes": 5,
            "stats_max_processes": 2,
            "get_max_processes": 5,
        },
        "ovn": _OVN,
        "database": _database("octavia", passwords),
        "service_auth": _login(passwords),
        "neutron": _login(passwords),
        "networking": {"lb_network_name": ""},
        "keystone_authtoken": _token_check(passwords),
        "oslo_messaging": {"topic": "octavia"},
    }


def render_ini(sections: Sections) -> str:
    """oslo.config's dialect of INI."""
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items())
        for name, options in sections.items()
    )


def render_clouds(passwords: Passwords) -> str:
    """A clouds.yaml: `demo` and `small` are users in projects of their names, `operator` and `admin` administer."""
    projects = {"admin": "admin", "operator": "admin", "demo": "demo", "small": "small"}
    return "clouds:\n" + "".join(
        f"  {user}:\n"
        f"    region_name: RegionOne\n"
        f"    auth:\n"
        f"      auth_url: {AUTH_URL}\n"
        f"      username: {user}\n"
        f"      password: {password}\n"
        f"      project_name: {projects[user]}\n"
        f"      user_domain_name: Default\n"
        f"      project_domain_name: Default\n"
        for user, password in passwords.people.items()
    )


def _database(name: str, passwords: Passwords) -> Options:
    return {"connection": database.url(name, passwords.database), "max_pool_size": 5, "max_overflow": 20}


def _login(passwords: Passwords) -> Options:
    return {
        "auth_type": "password",
        "auth_url": LOCAL_AUTH_URL,
        "project_domain_name": "Default",
        "user_domain_name": "Default",
        "project_name": "service",
        "username": "service",
        "password": passwords.service,
        "region_name": "RegionOne",
    }


def _token_check(passwords: Passwords) -> Options:
    return {
        "www_authenticate_uri": AUTH_URL,
        "service_token_roles_required": "true",
        "service_token_roles": "service",
        **_login(passwords),
    }
