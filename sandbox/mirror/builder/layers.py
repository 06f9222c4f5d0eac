"""Image layers: tar files that are the same, bit by bit, whenever they are made from the same content."""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from builder import cache
from builder.commands import run

NETFILTER_CONTEXT = Path(__file__).resolve().parent.parent / "image-netfilter"

# Unpacking zstd costs a node a fifth of what gzip costs; containerd ≥ 1.5 reads it.
COMPRESSION = "zstd"
MEDIA_TYPE = f"application/vnd.oci.image.layer.v1.tar+{COMPRESSION}"


@dataclass(frozen=True)
class Layer:
    """A compressed layer. `digest` names the file as it is, `diff_id` its content uncompressed."""

    file: Path
    digest: str
    diff_id: str

    @property
    def size(self) -> int:
        return self.file.stat().st_size


def ensure_layer(name: str, content: dict[str, Path]) -> Layer:
    """A layer with the given programs: path in the image → file here. All are executable and owned by root.

    The name, an image's with its tag, tells it apart in the cache.
    """
    words = [f"{path}={cache.hash_of([], [file])}" for path, file in content.items()]
    return _stored(cache.ensure(f"layer-{name}", cache.hash_of(words), lambda target: _write(_tar(content), target)))


def ensure_netfilter_layer() -> Layer:
    """Debian's iptables, nftables and conntrack; made with Docker from the sandbox's Debian image."""
    base = run(["docker", "image", "inspect", "-f", '{{index .Config.Labels "brb.inputs"}}', "brb/debian:bookworm"])
    inputs = cache.hash_of([base], NETFILTER_CONTEXT.iterdir())
    return _stored(cache.ensure("layer-netfilter", inputs, _make_netfilter))


def _make_netfilter(target: Path) -> None:
    image = run(["docker", "build", "-q", NETFILTER_CONTEXT]).split()[-1]
    packed = target / "content.tar"
    container = run(["docker", "create", image, "/bin/true"]).strip()
    try:
        run(["docker", "cp", f"{container}:/layer.tar", packed])
    finally:
        run(["docker", "rm", container])
        run(["docker", "rmi", image])
    content = packed.read_bytes()
    packed.unlink()
    _write(content, target)


def _tar(content: dict[str, Path]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        folders = {parent for path in content for parent in PurePosixPath(path.lstrip("/")).parents}
        for folder in sorted(folders - {PurePosixPath(".")}):
            entry = tarfile.TarInfo(str(folder))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for path, file in sorted(content.items()):
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = file.stat().st_size, 0o755
            with file.open("rb") as source:
                archive.addfile(entry, source)
    return buffer.getvalue()


def _write(content: bytes, target: Path) -> None:
    plain, packed = target / "layer.tar", target / "layer.tar.zst"
    plain.write_bytes(content)
    run(["zstd", "-q", "-10", "-T2", "--rm", plain, "-o", packed])
    (target / "diff_id").write_text("sha256:" + hashlib.sha256(content).hexdigest())
    (target / "digest").write_text("sha256:" + hashlib.sha256(packed.read_bytes()).hexdigest())


def _stored(folder: Path) -> Layer:
    return Layer(folder / "layer.tar.zst", (folder / "digest").read_text(), (folder / "diff_id").read_text())
