"""The databases' schemas and Keystone's first user. Runs once, when the image is baked; takes about a minute."""

from concurrent.futures import ThreadPoolExecutor

from brb_sandbox import database
from brb_sandbox.commands import run, say
from brb_sandbox.passwords import Passwords
from brb_sandbox.places import AUTH_URL


def migrate(passwords: Passwords) -> None:
    """All schemas, two at a time."""
    database.ensure_databases()
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, passwords) for work in (_nova, _neutron, _keystone, _cinder, _small_ones)]:
            done.result()


def _keystone(passwords: Passwords) -> None:
    run("keystone-manage", "db_sync")
    # the address is the public one for every interface: this is one host
    urls = [f"--bootstrap-{interface}-url={AUTH_URL}" for interface in ("admin", "internal", "public")]
    password = f"--bootstrap-password={passwords.people['admin']}"
    run("keystone-manage", "bootstrap", password, "--bootstrap-region-id=RegionOne", *urls)
    say("  keystone's schema")


def _nova(passwords: Passwords) -> None:
    run("nova-manage", "api_db", "sync")
    run("nova-manage", "cell_v2", "map_cell0")
    run("nova-manage", "cell_v2", "create_cell", "--name", "cell1")
    run("nova-manage", "db", "sync")
    say("  nova's schemas")


def _neutron(passwords: Passwords) -> None:
    run("neutron-db-manage", "--config-file", "/etc/neutron/neutron.conf", "upgrade", "heads")
    say("  neutron's schema")


def _cinder(passwords: Passwords) -> None:
    run("cinder-manage", "db", "sync")
    say("  cinder's schema")


def _small_ones(passwords: Passwords) -> None:
    run("glance-manage", "db_sync")
    run("placement-manage", "db", "sync")
    run("octavia-db-manage", "--config-file", "/etc/octavia/octavia.conf", "upgrade", "head")
    say("  glance's, placement's and octavia's schemas")
