"""The downloads, laid out as the projects' own release sites do, with a checksum beside every file."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

from builder.catalog import CNI_PLUGINS, CONTAINERD, CRICTL, RUNC, GoRelease, KubernetesRelease
from builder.commands import run

NODE_BINARIES = ("kubeadm", "kubelet", "kubectl")


@dataclass(frozen=True)
class Download:
    """A file of the mirror, by its path below the base URL."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Downloads:
    """Writes into the folder that the mirror serves."""

    folder: Path

    def add_kubernetes(self, release: KubernetesRelease, binaries: Path) -> list[Download]:
        base = f"{release.version}/bin/linux/amd64"
        minor = release.version.rpartition(".")[0]
        (self.folder / f"stable-{minor.removeprefix('v')}.txt").write_text(release.version)
        return [self._add_program(f"{base}/{name}", binaries / name) for name in NODE_BINARIES]

    def add_containerd(self, binaries: Path) -> Download:
        name = f"containerd-{CONTAINERD.version.removeprefix('v')}-linux-amd64.tar.gz"
        return self._add_archive(f"containerd/{CONTAINERD.version}/{name}", binaries, CONTAINERD, "bin/", ".sha256sum")

    def add_cni_plugins(self, binaries: Path) -> Download:
        name = f"cni-plugins-linux-amd64-{CNI_PLUGINS.version}.tgz"
        return self._add_archive(f"cni-plugins/{CNI_PLUGINS.version}/{name}", binaries, CNI_PLUGINS, "./", ".sha256")

    def add_crictl(self, binaries: Path) -> Download:
        name = f"crictl-{CRICTL.version}-linux-amd64.tar.gz"
        return self._add_archive(f"crictl/{CRICTL.version}/{name}", binaries, CRICTL, "", ".sha256")

    def add_runc(self, binaries: Path) -> Download:
        added = self._add_program(f"runc/{RUNC.version}/runc.amd64", binaries / "runc")
        (self.folder / "runc" / RUNC.version / "runc.sha256sum").write_text(f"{added.sha256}  runc.amd64\n")
        return added

    def add_text(self, path: str, text: str) -> Download:
        content = text.encode()
        self._write(path, content)
        return self._sum(path, content, ".sha256")

    def _add_program(self, path: str, source: Path) -> Download:
        content = source.read_bytes()
        target = self._write(path, content)
        # sent instead of the program to clients that accept it, see mirror-server
        run(["zstd", "-q", "-10", "-T2", target, "-o", f"{target}.zst"])
        return self._sum(path, content, ".sha256")

    def _add_archive(self, path: str, binaries: Path, release: GoRelease, prefix: str, suffix: str) -> Download:
        buffer = io.BytesIO()
        with (
            gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=6, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
        ):
            for name in sorted(release.binaries):
                entry = tarfile.TarInfo(prefix + name)
                entry.size, entry.mode = (binaries / name).stat().st_size, 0o755
                with (binaries / name).open("rb") as source:
                    archive.addfile(entry, source)
        self._write(path, buffer.getvalue())
        return self._sum(path, buffer.getvalue(), suffix)

    def _write(self, path: str, content: bytes) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def _sum(self, path: str, content: bytes, suffix: str) -> Download:
        """`.sha256` holds the sum alone, `.sha256sum` a line for `sha256sum --check`: each as its project has it."""
        total = hashlib.sha256(content).hexdigest()
        line = f"{total}  {Path(path).name}\n" if suffix == ".sha256sum" else total
        (self.folder / f"{path}{suffix}").write_text(line)
        return Download(path, total, len(content))
