"""Open vSwitch with the userspace datapath and OVN: the databases, their daemons, and the way out of br-ex."""

import subprocess
import sys
import time
from pathlib import Path

from brb_sandbox.commands import run, say, start_daemon, wait_until
from brb_sandbox.places import HOST, LOGS, PUBLIC_GATEWAY, STATE

_OVS_RUN = Path("/run/openvswitch")
_OVN_RUN = Path("/run/ovn")
_OVS_DATABASE = f"unix:{_OVS_RUN}/db.sock"
NORTHBOUND = f"unix:{_OVN_RUN}/ovnnb_db.sock"
SOUTHBOUND = f"unix:{_OVN_RUN}/ovnsb_db.sock"
_QUIET = ("--detach", "--no-chdir", "-vconsole:off")


def start_databases() -> None:
    """OVN's north- and southbound databases and the translation between them. Needs no privileges."""
    _OVN_RUN.mkdir(parents=True, exist_ok=True)
    _start_database("ovnnb", STATE / "ovn/nb.db", "/usr/share/ovn/ovn-nb.ovsschema", _OVN_RUN / "ovnnb_db")
    _start_database("ovnsb", STATE / "ovn/sb.db", "/usr/share/ovn/ovn-sb.ovsschema", _OVN_RUN / "ovnsb_db")
    run(
        "ovn-northd",
        f"--ovnnb-db={NORTHBOUND}",
        f"--ovnsb-db={SOUTHBOUND}",
        f"--pidfile={_OVN_RUN}/ovn-northd.pid",
        f"--unixctl={_OVN_RUN}/ovn-northd.ctl",
        f"--log-file={LOGS}/ovn-northd.log",
        *_QUIET,
    )


def start_datapath() -> None:
    """The switch itself and OVN's controller, with this container as the one chassis and gateway."""
    _OVS_RUN.mkdir(parents=True, exist_ok=True)
    schema = "/usr/share/openvswitch/vswitch.ovsschema"
    _start_database("ovs", STATE / "ovs/conf.db", schema, _OVS_RUN / "db", _OVS_RUN / "ovsdb-server")
    _configure_chassis()
    _remove_ports_of_last_run()
    in_userspace = ("--", "set", "bridge", "br-ex", "datapath_type=netdev")
    run("ovs-vsctl", "--no-wait", "--may-exist", "add-br", "br-ex", *in_userspace)
    start_daemon("switch", sys.executable, "-m", "brb_sandbox.switch")
    run(
        "ovn-controller",
        _OVS_DATABASE,
        f"--pidfile={_OVN_RUN}/ovn-controller.pid",
        f"--log-file={LOGS}/ovn-controller.log",
        *_QUIET,
    )
    wait_until(Path("/sys/class/net/br-ex").exists, "the bridge br-ex")


def keep_switching() -> None:
    """Run the switch for ever: when it ends, start it again and give br-ex, which is made anew, its address.

    Open vSwitch 3.1's userspace connection tracking aborts now and then on an assertion (conn_update_state). The ports
    are in its database and OVN writes the flows again, so that a second later traffic goes on.
    """
    while True:
        with subprocess.Popen(_switch_command()) as switch:
            _bring_up_br_ex(switch)
            switch.wait()
        say(f"the switch ended with {switch.returncode}; it is started again")


def _switch_command() -> tuple[str, ...]:
    return (
        "ovs-vswitchd",
        _OVS_DATABASE,
        f"--pidfile={_OVS_RUN}/ovs-vswitchd.pid",
        f"--unixctl={_OVS_RUN}/ovs-vswitchd.ctl",
        f"--log-file={LOGS}/ovs-vswitchd.log",
        "-vconsole:off",
    )


def _bring_up_br_ex(switch: subprocess.Popen[bytes]) -> None:
    while not Path("/sys/class/net/br-ex").exists():
        if switch.poll() is not None:
            return
        time.sleep(0.1)
    run("ip", "address", "replace", f"{PUBLIC_GATEWAY}/25", "dev", "br-ex")
    run("ip", "link", "set", "br-ex", "up")


def start_resolver(address: str) -> None:
    """Answer DNS for the servers: what Docker's resolver knows, container names on the sandbox's network included."""
    start_daemon(
        "resolver",
        "dnsmasq",
        "--keep-in-foreground",
        "--no-hosts",
        "--no-resolv",
        "--server=127.0.0.11",
        f"--listen-address={address}",
        "--bind-interfaces",
        "--pid-file=",
        "--user=root",
        "--cache-size=1000",
    )


def _start_database(name: str, file: Path, schema: str, socket: Path, ctl: Path | None = None) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        run("ovsdb-tool", "create", str(file), schema)
    run(
        "ovsdb-server",
        str(file),
        f"--remote=punix:{socket}.sock",
        f"--pidfile={ctl or socket}.pid",
        f"--unixctl={ctl or socket}.ctl",
        f"--log-file={LOGS}/ovsdb-{name}.log",
        *_QUIET,
    )


def _configure_chassis() -> None:
    settings = {
        "system-id": HOST,
        "hostname": HOST,
        "ovn-remote": SOUTHBOUND,
        "ovn-encap-type": "geneve",
        "ovn-encap-ip": "127.0.0.1",
        "ovn-bridge": "br-int",
        "ovn-bridge-mappings": "public:br-ex",
        "ovn-cms-options": "enable-chassis-as-gw",
        "ovn-bridge-datapath-type": "netdev",
        "ovn-monitor-all": "true",
    }
    pairs = [f"external_ids:{key}={value}" for key, value in settings.items()]
    run("ovs-vsctl", "--no-wait", "init", "--", "set", "open", ".", *pairs)


def _remove_ports_of_last_run() -> None:
    bridges = run("ovs-vsctl", "--no-wait", "list-br").split()
    if "br-int" not in bridges:
        return
    for port in run("ovs-vsctl", "--no-wait", "list-ports", "br-int").split():
        if port.startswith("tap"):
            run("ovs-vsctl", "--no-wait", "del-port", port)


if __name__ == "__main__":
    keep_switching()
