"""The metadata service: 169.254.169.254 on each server's own loopback, answered from its config drive's files.

The kernel has neither iso9660 nor vfat for a real config drive; OpenStack's CSI driver and cloud controller ask the
service. The files served are the host's copy: a guest's links cannot lead out of it.

The service listens on a port of its own, and a table of nftables leads port 80 of its address there: a socket on
169.254.169.254:80 would keep the guest's programs from binding 0.0.0.0:80.
"""

import ctypes
import json
import os
import socket
import threading
from http import server

from nova.virt.brb_machine.interfaces import namespace_of
from nova.virt.brb_machine.shell import run

ADDRESS = "169.254.169.254"
_PORT = 16980
_RULES = f"""
table ip brb-metadata
delete table ip brb-metadata
table ip brb-metadata {{
    chain output {{
        type nat hook output priority -150
        ip daddr {ADDRESS} tcp dport 80 redirect to :{_PORT}
    }}
    chain prerouting {{
        type nat hook prerouting priority -150
        ip daddr {ADDRESS} tcp dport 80 redirect to :{_PORT}
    }}
}}
"""
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Metadata:
    """The running services, by server."""

    def __init__(self):
        self._services = {}

    def ensure(self, uuid, files):
        """Serve the directory `files` in the server's namespace. Idempotent."""
        if uuid in self._services:
            return
        namespace = namespace_of(uuid)
        run("ip", "-n", namespace, "address", "replace", f"{ADDRESS}/32", "dev", "lo")
        run("ip", "netns", "exec", namespace, "nft", _RULES)
        # redirected requests of pods arrive on another address of the server
        self._services[uuid] = _Service(_listen_in(namespace, "0.0.0.0", _PORT), files)

    def remove(self, uuid):
        service = self._services.pop(uuid, None)
        if service:
            service.shutdown()
            service.server_close()


class _Service(server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, listening, files):
        super().__init__((ADDRESS, _PORT), _Requests, bind_and_activate=False)
        self.socket.close()
        self.socket, self.files = listening, files
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()


class _Requests(server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            code, body = 200, self._find()
        except (OSError, KeyError, TypeError):
            code, body = 404, b"Not Found"
        self.send_response(code)
        self.send_header("Content-Type", "application/json" if self.path.endswith(".json") else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _find(self):
        path = os.path.normpath(self.path.split("?")[0])
        parts = path.strip("/").split("/")
        if parts[0] in ("latest", "2009-04-04") and len(parts) > 1:
            if parts[1] == "meta-data":
                return self._find_ec2(parts[2:])
            path = "/openstack/latest/user_data"
        file = self.server.files + path
        if os.path.isdir(file):
            return "\n".join(sorted(os.listdir(file))).encode()
        with open(file, "rb") as opened:
            body = opened.read()
        return _without_password(body) if file.endswith("/meta_data.json") else body

    def _find_ec2(self, keys):
        with open(os.path.join(self.server.files, "ec2/latest/meta-data.json")) as opened:
            value = json.load(opened)
        for key in keys:
            value = value[key]
        if isinstance(value, dict):
            value = "\n".join(f"{key}/" if isinstance(inner, dict) else key for key, inner in value.items())
        return str(value).encode()

    def log_message(self, *arguments):
        """Silent."""


def _without_password(body):
    """admin_pass is the config drive's only."""
    return json.dumps({key: value for key, value in json.loads(body).items() if key != "admin_pass"}).encode()


def _listen_in(namespace, address, port):
    """A TCP socket listening inside a network namespace.

    Only this thread visits it (setns), only for the bind: a socket stays in the namespace where it was made.
    """
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        _enter(there)
        try:
            listening = socket.socket()
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((address, port))
            listening.listen(64)
            return listening
        finally:
            _enter(home)
    finally:
        os.close(there)
        os.close(home)


def _enter(namespace_fd):
    if _libc.setns(namespace_fd, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
