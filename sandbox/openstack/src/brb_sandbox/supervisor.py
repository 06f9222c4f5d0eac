"""The container's main program: one preloaded parent, one forked child per OpenStack project.

Everything that leans on OpenStack's internals is in this file, and is true for the pinned release only. Run the
end-to-end checks at every bump; the plain form (one process per service and RabbitMQ) is the fall-back.

- nova's API, conductor, scheduler and compute share one process, cinder's API, scheduler and volume another, so that
  oslo.messaging's in-process `fake://` transport suffices.
- eventlet must not be imported in the parent: imports are blocked there, and oslo.service's threading backend is
  chosen first. Neutron's and cinder's children still need it and lift the block.
- As process 1 it also reaps what servers leave behind.
"""

import contextlib
import gc
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import types
import warnings
from collections.abc import Callable
from typing import Any

from brb_sandbox.commands import run, say
from brb_sandbox.places import API_PORTS, HOST, LOGS, READY, RUN

os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "1"
os.environ["OS_CINDER_DISABLE_EVENTLET_PATCHING"] = "1"

_PRELOADED = """json ssl sqlite3 pymysql sqlalchemy sqlalchemy.orm sqlalchemy.dialects.mysql sqlalchemy.dialects.sqlite
alembic cryptography.fernet cryptography.hazmat.primitives.asymmetric.rsa jsonschema webob webob.dec paste.deploy routes
requests urllib3 keystoneauth1.session keystoneauth1.loading keystoneauth1.identity openstack stevedore yaml netaddr
oslo_config.cfg oslo_log.log oslo_utils.timeutils oslo_utils.uuidutils oslo_serialization.jsonutils oslo_i18n
oslo_context.context oslo_concurrency.lockutils oslo_concurrency.processutils oslo_db.api oslo_db.options
oslo_db.sqlalchemy.enginefacade oslo_db.sqlalchemy.models oslo_messaging oslo_middleware oslo_policy.policy
oslo_versionedobjects.base oslo_cache oslo_privsep.priv_context dogpile.cache futurist pecan jinja2 waitress lxml.etree
psutil decorator tenacity"""

running_services: list[Any] = []
"""Keeps the services of this child from being collected."""


class EventletBlocked:
    """An import hook, first in sys.meta_path, that refuses eventlet."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name.split(".")[0] in ("eventlet", "greenlet"):
            raise ImportError(f"{name} is blocked in this process")


def allow_eventlet() -> None:
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, EventletBlocked)]


def serve(name: str, module: str, threads: int = 6, beside: Callable[[], None] | None = None) -> None:
    """Serve one WSGI module on its port, and run `beside` (the project's other services) in a thread."""
    sys.argv = [name]  # WSGI modules parse the command line
    application = importlib.import_module(module).application
    if beside:
        threading.Thread(target=or_exit, args=(beside,), daemon=True).start()
    from waitress.server import create_server

    server = create_server(
        application,
        host="0.0.0.0",
        port=API_PORTS[name],
        threads=threads,
        max_request_body_size=10**12,
        channel_timeout=300,
        connection_limit=500,
        ident=None,
    )
    mark_ready(name)
    server.run()


def or_exit(work: Callable[[], None]) -> None:
    """Run `work`; on any error say why and end the process, so that the parent starts it anew."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)


def mark_ready(name: str) -> None:
    (READY / name).touch()


def wait_for_apis(*names: str) -> None:
    for name in names:
        while True:
            try:
                socket.create_connection(("127.0.0.1", API_PORTS[name]), 1).close()
                break
            except OSError:
                time.sleep(0.1)


def run_keystone() -> None:
    """One thread: with six it has once given a user's token the roles of another that was asked for beside it."""
    serve("keystone", "keystone.wsgi.api", 1)


def run_glance() -> None:
    serve("glance", "glance.wsgi.api", 4)


def run_placement() -> None:
    serve("placement", "placement.wsgi.api", 4)


def run_octavia() -> None:
    serve("octavia", "octavia.wsgi.api", 4)


def run_octavia_agent() -> None:
    sys.argv = ["octavia-driver-agent", "--config-file", "/etc/octavia/octavia.conf"]
    from octavia.cmd.driver_agent import main

    main()


def run_neutron() -> None:
    """Under OVN neutron asks uwsgi for start time and worker id, and dead-locks silently without: a stand-in."""
    allow_eventlet()
    uwsgi: Any = types.ModuleType("uwsgi")
    uwsgi.opt = {"start-time": str(int(time.time())).encode()}
    uwsgi.worker_id = lambda: 1
    uwsgi.numproc = 1
    sys.modules["uwsgi"] = uwsgi
    serve("neutron", "neutron.wsgi.api", 8)


def run_neutron_maintenance() -> None:
    allow_eventlet()
    sys.argv = ["neutron-ovn-maintenance-worker", "--config-file", "/etc/neutron/neutron.conf"]
    from neutron.cmd.server import main_ovn_maintenance

    main_ovn_maintenance()


def run_nova() -> None:
    from nova import monkey_patch

    monkey_patch.patch(backend="threading")
    serve("nova", "nova.wsgi.osapi_compute", 8, start_nova_services)


def start_nova_services() -> None:
    import nova.conf
    import os_brick
    import os_vif
    from nova import service
    from nova.compute import rpcapi as compute
    from nova.conductor import rpcapi as conductor
    from nova.scheduler import rpcapi as scheduler

    wait_for_apis("keystone", "placement", "neutron")
    os_brick.setup(nova.conf.CONF)
    os_vif.initialize()
    for binary, topic, more in (
        ("nova-conductor", conductor.RPC_TOPIC, {}),
        ("nova-scheduler", scheduler.RPC_TOPIC, {}),
        ("nova-compute", compute.RPC_TOPIC, {"topic_alt": compute.RPC_TOPIC_ALT}),
    ):
        started = service.Service.create(binary=binary, topic=topic, **more)
        started.start()
        running_services.append(started)
        mark_ready(binary)


def run_cinder() -> None:
    allow_eventlet()
    sys.argv = ["cinder"]
    from cinder import monkey_patch

    monkey_patch.patch(backend="threading")
    import cinder.cmd.volume  # noqa: F401  registers options: before the API parses its command line

    serve("cinder", "cinder.wsgi.api", 6, start_cinder_services)


def start_cinder_services() -> None:
    """Volume before scheduler, else the scheduler starts without a backend."""
    import os_brick
    from cinder import service
    from cinder.common import constants
    from oslo_config import cfg

    use_threads_for_cinder_rpc()
    give_each_cinder_service_its_heartbeat(service)
    wait_for_apis("keystone")
    os_brick.setup(cfg.CONF)
    for more in (
        {"host": f"{HOST}@loop", "service_name": "loop", "binary": constants.VOLUME_BINARY},
        {"binary": "cinder-scheduler"},
    ):
        started = service.Service.create(**more)
        started.start()
        running_services.append(started)
        mark_ready(more["binary"])


def use_threads_for_cinder_rpc() -> None:
    import oslo_messaging

    original = oslo_messaging.get_rpc_server
    oslo_messaging.get_rpc_server = lambda *args, **more: original(*args, **{**more, "executor": "threading"})


def give_each_cinder_service_its_heartbeat(service: Any) -> None:
    """cinder keeps the service's id in a class attribute: with two services in one process, volume would be "down"."""
    original, lock = service.Service.report_state, threading.Lock()

    def report_state(self: Any) -> None:
        with lock:
            service.Service.service_id = self.origin_service_id
            original(self)

    service.Service.report_state = report_state


CHILDREN: dict[str, Callable[[], None]] = {
    "keystone": run_keystone,
    "neutron": run_neutron,
    "nova": run_nova,
    "placement": run_placement,
    "glance": run_glance,
    "cinder": run_cinder,
    "octavia": run_octavia,
    "octavia-agent": run_octavia_agent,
    "neutron-maintenance": run_neutron_maintenance,
}


class Supervisor:
    """Forks the children, starts again what ends, and ends everything cleanly on SIGTERM."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}

    def run(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self.stop())
        signal.signal(signal.SIGINT, lambda *_: self.stop())
        for name in CHILDREN:
            self.fork(name)
        while True:
            try:
                pid, status = os.wait()
            except ChildProcessError:
                return
            if name := self.names.pop(pid, ""):
                say(f"{name} ended with {os.waitstatus_to_exitcode(status)}, starting it again")
                time.sleep(2)
                self.fork(name)

    def fork(self, name: str) -> None:
        pid = os.fork()
        if pid:
            self.names[pid] = name
            (RUN / f"{name}.pid").write_text(str(pid))
            return
        log = os.open(LOGS / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        or_exit(CHILDREN[name])
        os._exit(0)

    def stop(self) -> None:
        """The projects first, then the servers, then MariaDB, which must end cleanly to keep its data."""
        say("stopping")
        for pid, name in self.names.items():
            gentle = name == "octavia-agent"  # it has children of its own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM if gentle else signal.SIGKILL)
        subprocess.run(("sync", "-f", "/var/lib/brb"))
        run("mariadb-admin", "shutdown")
        os._exit(0)


def preload() -> None:
    """Import what all children share, then freeze it so that their memory stays shared."""
    warnings.simplefilter("ignore")
    sys.meta_path.insert(0, EventletBlocked())
    import oslo_service.backend

    oslo_service.backend.init_backend(oslo_service.backend.BackendType.THREADING)
    for module in _PRELOADED.split():
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()


def main() -> None:
    preload()
    say("libraries loaded, forking the services")
    Supervisor().run()


if __name__ == "__main__":
    main()
