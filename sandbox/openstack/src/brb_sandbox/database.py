"""MariaDB: start it, stop it, and give OpenStack its databases. SQLite does not do: migrations fail on it."""

import subprocess

from brb_sandbox.commands import run, start_daemon, wait_until
from brb_sandbox.places import LOGS, MARIADB_SOCKET, STATE

USER = "openstack"
NAMES = ("keystone", "glance", "nova", "nova_api", "nova_cell0", "placement", "neutron", "cinder", "octavia")
_DATA = STATE / "mysql"
_SMALL_FOOTPRINT = (
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-buffer-size=2M",
    "--innodb-log-file-size=32M",
    "--key-buffer-size=1M",
    "--aria-pagecache-buffer-size=8M",
    "--table-open-cache=400",
    "--thread-stack=256K",
    "--performance-schema=OFF",
    "--skip-log-bin",
    "--max-connections=400",
)


def url(name: str, password: str) -> str:
    """The SQLAlchemy URL of one database."""
    return f"mysql+pymysql://{USER}:{password}@127.0.0.1/{name}?charset=utf8"


def start() -> None:
    """Launch MariaDB without waiting for it; the first launch makes its data directory."""
    for directory in (_DATA, MARIADB_SOCKET.rsplit("/", 1)[0]):
        run("install", "-d", "-o", "mysql", str(directory))
    if not (_DATA / "mysql").is_dir():
        install = ("mariadb-install-db", "--user=mysql", f"--datadir={_DATA}", "--skip-test-db")
        (LOGS / "mariadb-install.log").write_text(run(*install))
    start_daemon(
        "mariadb",
        "mariadbd",
        "--user=mysql",
        f"--datadir={_DATA}",
        f"--socket={MARIADB_SOCKET}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--innodb-flush-log-at-trx-commit=0",
        *_SMALL_FOOTPRINT,
    )


def wait() -> None:
    """Until MariaDB answers on its socket."""
    wait_until(_answers, "MariaDB")


def ensure_user(password: str) -> None:
    """The one login of all services, with this sandbox's password."""
    execute(
        f"CREATE OR REPLACE USER {USER}@'127.0.0.1' IDENTIFIED BY '{password}';GRANT ALL ON *.* TO {USER}@'127.0.0.1'"
    )


def ensure_databases() -> None:
    """Empty databases for the migrations."""
    execute(";".join(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8" for name in NAMES))


def point_nova_cells_here(password: str) -> None:
    """Nova keeps the cells' database URLs, and so the password, in its API database."""
    for cell, name in (("cell0", "nova_cell0"), ("cell1", "nova")):
        connection = url(name, password)
        execute(f"UPDATE nova_api.cell_mappings SET database_connection = '{connection}' WHERE name = '{cell}'")


def execute(sql: str) -> str:
    """Run statements as MariaDB's root over the socket."""
    return run("mariadb", "--batch", "--skip-column-names", stdin=sql)


def stop() -> None:
    """Shut MariaDB down cleanly and wait for it."""
    run("mariadb-admin", "shutdown")


def _answers() -> bool:
    return subprocess.run(("mariadb", "-e", "SELECT 1"), capture_output=True).returncode == 0
