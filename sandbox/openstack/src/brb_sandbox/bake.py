"""Make the state with which every sandbox begins, and pack it into the image: `python -m brb_sandbox.bake`.

Runs in `docker build`, so without privileges: the databases, the APIs and OVN's databases, but no switch and no
servers. The APIs answer on 127.0.0.1 here (BRB_SANDBOX_ADDRESS). Passwords and token keys made here are thrown away.
"""

import os
import shutil
import signal
import subprocess
import sys

from brb_sandbox import configuration, database, migrations, passwords, switch
from brb_sandbox.catalog import seed_catalog
from brb_sandbox.commands import run, say, start_daemon, wait_until
from brb_sandbox.layout import make_directories
from brb_sandbox.places import ASSETS, BAKED_STATE, CLOUDS_FILE, LOGS, READY, RUN, STATE
from brb_sandbox.seeds import seed

_NOT_KEPT = ("passwords.json", "clouds.yaml", "keystone", "glance", "lock", "ovs")


def main() -> None:
    make_directories()
    secrets = passwords.ensure_passwords()
    passwords.write_token_keys()
    configuration.write_all(secrets)
    database.start()
    switch.start_databases()
    database.wait()
    database.ensure_user(secrets.database)
    say("MariaDB and OVN's databases run")
    migrations.migrate(secrets)
    services = start_daemon("supervisor", sys.executable, "-m", "brb_sandbox.supervisor")
    try:
        fill(secrets)
    except BaseException:
        subprocess.run(("tail", "-n", "40", *sorted(LOGS.glob("*.log"))))
        raise
    services.send_signal(signal.SIGTERM)  # ends MariaDB, too
    services.wait(60)
    pack()


def fill(secrets: passwords.Passwords) -> None:
    """Everything that is made through the APIs."""
    import openstack

    os.environ["OS_CLIENT_CONFIG_FILE"] = str(CLOUDS_FILE)
    wait_until((READY / "keystone").exists, "keystone")
    seed_catalog(openstack.connect(cloud="admin"), secrets)
    say("catalog")
    for name in ("glance", "placement", "neutron", "nova", "nova-compute", "cinder", "cinder-scheduler", "octavia"):
        wait_until((READY / name).exists, name, 240)
    run("nova-manage", "cell_v2", "discover_hosts")
    seed(openstack.connect(cloud="admin"))
    say("flavors, network, quotas, image")


def pack() -> None:
    for name in _NOT_KEPT:
        path = STATE / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    run("tar", "--zstd", "-cf", str(BAKED_STATE), "-C", str(STATE), ".")
    shutil.rmtree(STATE)
    shutil.rmtree(LOGS)
    shutil.rmtree(RUN)
    say(f"state packed: {BAKED_STATE.stat().st_size >> 20} MiB in {ASSETS}")


if __name__ == "__main__":
    main()
