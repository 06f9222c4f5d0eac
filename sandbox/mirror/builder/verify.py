"""Proves that a running mirror holds what it promises, as a node would find out.

Every file has the sum that `index.json` and its checksum file say. Every image that each version's own kubeadm lists is
there under exactly that name, and every blob of it has the digest that names it.
"""

import argparse
import hashlib
import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from builder import progress
from builder.images import MANIFEST_TYPE

TIMEOUT_SECONDS = 60.0
CHUNK_BYTES = 1 << 20


class Broken(Exception):
    """The mirror does not hold what it promises."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="sandbox/mirror/check", description="Check a running mirror.")
    parser.add_argument("host", nargs="?", default="172.31.77.3", help="its address (default: %(default)s)")
    host = parser.parse_args().host
    try:
        verify(f"http://{host}", f"{host}:5000")
    except (Broken, OSError, http.client.HTTPException) as error:
        print(f"sandbox/mirror/check: {error}", file=sys.stderr)
        return 1
    return 0


def verify(base: str, registry: str) -> None:
    index = json.loads(_read(f"{base}/index.json"))
    for path, expected in index["files"].items():
        _require_file(base, path, expected["sha256"])
    progress.say(f"{len(index['files'])} files have the sums that are promised")
    names = {f"{registry}/{name}" for name in index["images"]}
    for version in index["kubernetes"]:
        listed = list(_listed_images(base, version, f"{registry}/{index['imageRepository']}"))
        if missing := set(listed) - names:
            raise Broken(f"kubeadm {version} wants {', '.join(sorted(missing))}")
        progress.say(f"kubeadm {version}: all {len(listed)} images are there")
    verified: set[str] = set()
    for name, digest in index["images"].items():
        _require_image(f"http://{registry}", name, digest, verified)
    progress.say(f"{len(names)} images, {len(verified)} blobs, have the digests that name them")


def _require_file(base: str, path: str, expected: str) -> None:
    if (found := _sum(f"{base}/{path}")) != expected:
        raise Broken(f"{path} has the sum {found}, not {expected}")
    beside = _read(f"{base}/{_checksum_path(path)}").decode()
    if beside.split()[0] != expected:
        raise Broken(f"{_checksum_path(path)} says {beside}")


def _checksum_path(path: str) -> str:
    return f"{path}.sha256sum" if path.startswith("containerd/") else f"{path}.sha256"


def _listed_images(base: str, version: str, repository: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        kubeadm = Path(folder) / "kubeadm"
        kubeadm.write_bytes(_read(f"{base}/{version}/bin/linux/amd64/kubeadm"))
        kubeadm.chmod(0o755)
        command = [str(kubeadm), "config", "images", "list"]
        command += ["--kubernetes-version", version, "--image-repository", repository]
        yield from subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def _require_image(registry: str, name: str, digest: str, verified: set[str]) -> None:
    repository, _, tag = name.rpartition(":")
    raw = _read(f"{registry}/v2/{repository}/manifests/{tag}", accept=MANIFEST_TYPE)
    if (found := "sha256:" + hashlib.sha256(raw).hexdigest()) != digest:
        raise Broken(f"{name} has the digest {found}, not {digest}")
    manifest: dict[str, Any] = json.loads(raw)
    for blob in [manifest["config"], *manifest["layers"]]:
        wanted = blob["digest"]
        if wanted not in verified and "sha256:" + _sum(f"{registry}/v2/{repository}/blobs/{wanted}") != wanted:
            raise Broken(f"{name}: blob {wanted} is damaged")
        verified.add(wanted)


def _read(url: str, accept: str = "*/*") -> bytes:
    with urlopen(Request(url, headers={"Accept": accept}), timeout=TIMEOUT_SECONDS) as answer:
        content: bytes = answer.read()
        return content


def _sum(url: str) -> str:
    digest = hashlib.sha256()
    with urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
        while chunk := answer.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
