"""The container's entry point: `python -m brb_sandbox.start`. Prepares everything, then becomes the supervisor.

The order matters: kernel, state (unpacked at a sandbox's first start), configuration, MariaDB and OVN beside each
other, the corrections in the database, and only then OpenStack.
"""

import os
import subprocess
import sys

from brb_sandbox import configuration, database, kernel, passwords, switch
from brb_sandbox.commands import run, say
from brb_sandbox.layout import make_directories
from brb_sandbox.places import ADDRESS, BAKED_STATE, CLOUDS_FILE, MACHINE_DISK, MACHINE_IMAGE_ID, STATE


def main() -> None:
    kernel.prepare()
    first_start = not (STATE / "mysql").exists()
    if first_start:
        unpack_state()
    make_directories()
    secrets = passwords.ensure_passwords()
    if first_start:
        passwords.write_token_keys()
    configuration.write_all(secrets)
    database.start()
    switch.start_databases()
    switch.start_datapath()
    switch.start_resolver(ADDRESS)
    say("OVN, the switch and the resolver run")
    database.wait()
    correct_databases(secrets)
    say("MariaDB runs")
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(CLOUDS_FILE)
    os.execv(sys.executable, (sys.executable, "-m", "brb_sandbox.supervisor"))


def unpack_state() -> None:
    """The baked databases and the machine image's file, which Glance already knows by its id."""
    STATE.mkdir(parents=True, exist_ok=True)
    disk = STATE / "glance" / MACHINE_IMAGE_ID.read_text()
    disk.parent.mkdir(exist_ok=True)
    with subprocess.Popen(("zstd", "-qdf", "--sparse", str(MACHINE_DISK), "-o", str(disk))) as unpacking:
        run("tar", "--zstd", "-xf", str(BAKED_STATE), "-C", str(STATE))
    if unpacking.returncode:
        raise RuntimeError(f"could not unpack {MACHINE_DISK}")
    say("initial state unpacked")


def correct_databases(secrets: passwords.Passwords) -> None:
    """What the baked databases say of passwords and addresses becomes true for this sandbox."""
    database.ensure_user(secrets.database)
    database.point_nova_cells_here(secrets.database)
    passwords.replace_keystone_passwords(secrets)
    database.execute(f"UPDATE keystone.endpoint SET url = regexp_replace(url, '//[0-9.]+:', '//{ADDRESS}:')")


if __name__ == "__main__":
    main()
