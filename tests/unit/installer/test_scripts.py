"""The shell scripts: they parse, and the downloads of `prepare.sh` are what their checksums promise."""

import functools
import gzip
import hashlib
import io
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from brb_installer.redaction import clean
from brb_installer.scripts import Script, ScriptName

_FUNCTIONS_END = "ensure_commands & commands=$!"


class QuietFiles(SimpleHTTPRequestHandler):
    """Where FILE.gz lies beside FILE, it is sent to whoever accepts gzip.

    FILE.stalls has the first answer stand still after some bytes, until the client is gone.
    """

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        stalls = path.with_name(f"{path.name}.stalls")
        if stalls.exists():
            stalls.unlink()
            self.send_response(200)
            self.send_header("Content-Length", str(path.stat().st_size))
            self.end_headers()
            self.wfile.write(path.read_bytes()[:3])
            self.rfile.read(1)
            return
        packed = Path(self.translate_path(self.path + ".gz"))
        if packed.exists() and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = packed.read_bytes()
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the URL that serves it."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietFiles, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def install(
    folder: Path, how: str, url: str, *, checksum_url: str | None = None, compressed: str = "no", bare: bool = False
) -> tuple[int, str]:
    """Run `install_artifact` of prepare.sh, with everything it writes below `folder`.

    `bare`: on a machine that has neither curl nor wget nor openssl.
    """
    functions = Script(ScriptName.PREPARE).text().split(_FUNCTIONS_END)[0]
    functions = functions.replace("stalled_seconds=10", "stalled_seconds=1")
    for root in ("/var/lib/brb", "/opt/cni", "/etc/brb", "/etc/cni", "/etc/kubernetes"):
        functions = functions.replace(root, f"{folder}{root}")
    destination = folder / "installed"
    call = f"install_artifact thing {how} {destination} {url} {checksum_url or url + '.sha256'} {compressed}"
    without = "command() { return 1; }" if bare else ""
    ended = subprocess.run(["sh", "-c", f"{functions}\n{without}\n{call}"], capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout


@pytest.mark.parametrize("name", list(ScriptName))
def test_every_script_is_posix_shell(name: ScriptName) -> None:
    text = Script(name, {"QUOTED": "it's $HOME"}, {"/etc/some file": "content\n"}).text()
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def test_variables_and_files_come_through_unharmed(tmp_path: Path) -> None:
    path, odd = tmp_path / "a folder" / "a file", 'it\'s `odd` $HOME "quoted"\nand long\n'
    script = Script(ScriptName.KUBECONFIG, {"VALUE": odd}, {str(path): odd})
    text = script.text().replace("cat /etc/kubernetes/admin.conf", 'printf %s "$VALUE"')
    ended = subprocess.run(["sh"], input=text, text=True, check=True, capture_output=True)
    assert ended.stdout == odd
    assert path.read_text() == odd
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("bare", [False, True])
def test_a_program_is_installed_when_its_checksum_is_right(
    mirror: tuple[Path, str], tmp_path: Path, bare: bool
) -> None:
    folder, url = mirror
    (folder / "kubelet").write_bytes(b"program")
    (folder / "kubelet.sha256").write_text(sha256(b"program"))
    assert install(tmp_path, "binary", f"{url}/kubelet", bare=bare) == (0, "Installed thing\n")
    assert (tmp_path / "installed").read_bytes() == b"program"
    assert (tmp_path / "installed").stat().st_mode & 0o111


def test_a_program_comes_compressed_where_the_mirror_sends_it_so(mirror: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = mirror
    (folder / "kubelet").write_bytes(b"only for those who do not ask")
    (folder / "kubelet.gz").write_bytes(gzip.compress(b"program"))
    (folder / "kubelet.sha256").write_text(sha256(b"program"))
    assert install(tmp_path, "binary", f"{url}/kubelet", compressed="yes") == (0, "Installed thing\n")
    assert (tmp_path / "installed").read_bytes() == b"program"
    assert install(tmp_path / "other", "binary", f"{url}/kubelet")[0] == 42


def test_a_download_that_stands_still_is_begun_again(mirror: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = mirror
    (folder / "kubelet").write_bytes(b"program")
    (folder / "kubelet.sha256").write_text(sha256(b"program"))
    (folder / "kubelet.stalls").touch()
    assert install(tmp_path, "binary", f"{url}/kubelet") == (0, "Installed thing\n")
    assert not (folder / "kubelet.stalls").exists()
    assert (tmp_path / "installed").read_bytes() == b"program"


def test_a_download_that_stands_still_fails_where_nothing_begins_it_again(
    mirror: tuple[Path, str], tmp_path: Path
) -> None:
    folder, url = mirror
    (folder / "kubelet").write_bytes(b"program")
    (folder / "kubelet.sha256").write_text(sha256(b"program"))
    (folder / "kubelet.stalls").touch()
    assert install(tmp_path, "binary", f"{url}/kubelet", bare=True) == (41, f"No answer from {url}/kubelet\n")


def test_a_program_that_is_there_is_not_downloaded_again(mirror: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = mirror
    (folder / "kubelet.sha256").write_text(sha256(b"program"))
    (tmp_path / "installed").write_bytes(b"program")
    (tmp_path / "installed").chmod(0o755)
    assert install(tmp_path, "binary", f"{url}/kubelet") == (0, "")


def test_a_sum_file_of_many_lines_is_searched_by_name(mirror: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = mirror
    (folder / "runc.amd64").write_bytes(b"program")
    lines = [f"{sha256(b'other')} *runc.arm64", f"{sha256(b'program')} *runc.amd64"]
    (folder / "runc.sha256sum").write_text("\n".join(lines))
    code, _ = install(tmp_path, "binary", f"{url}/runc.amd64", checksum_url=f"{url}/runc.sha256sum")
    assert code == 0


@pytest.mark.parametrize("bare", [False, True])
def test_a_wrong_checksum_installs_nothing(mirror: tuple[Path, str], tmp_path: Path, bare: bool) -> None:
    folder, url = mirror
    (folder / "kubelet").write_bytes(b"something else")
    (folder / "kubelet.sha256").write_text(sha256(b"program"))
    code, said = install(tmp_path, "binary", f"{url}/kubelet", bare=bare)
    assert (code, "has another SHA-256" in said) == (42, True)
    assert not (tmp_path / "installed").exists()


@pytest.mark.parametrize("missing", ["kubelet", "kubelet.sha256"])
def test_a_missing_file_is_told_by_its_url(mirror: tuple[Path, str], tmp_path: Path, missing: str) -> None:
    folder, url = mirror
    (folder / "kubelet").write_bytes(b"program")
    (folder / "kubelet.sha256").write_text(sha256(b"program"))
    (folder / missing).unlink()
    code, said = install(tmp_path, "binary", f"{url}/kubelet")
    assert (code, f"No answer from {url}/{missing}" in said) == (41, True)


def test_an_archive_is_unpacked_once(mirror: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = mirror
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("bin/containerd")
        entry.size, entry.mode = 7, 0o755
        archive.addfile(entry, io.BytesIO(b"program"))
    (folder / "containerd.tar.gz").write_bytes(packed.getvalue())
    (folder / "containerd.tar.gz.sha256").write_text(f"{sha256(packed.getvalue())}  containerd.tar.gz\n")
    assert install(tmp_path, "tar", f"{url}/containerd.tar.gz")[0] == 0
    assert (tmp_path / "installed" / "bin" / "containerd").read_bytes() == b"program"
    (folder / "containerd.tar.gz").unlink()
    assert install(tmp_path, "tar", f"{url}/containerd.tar.gz") == (0, "")


def test_output_is_kept_without_secrets_and_colours() -> None:
    key, ca_hash = "0f" * 32, "1e" * 32
    said = f"\x1b[0;32mtoken abcdef.0123456789abcdef\x1b[0m --certificate-key {key} sha256:{ca_hash}\x00"
    assert clean(said) == f"token [redacted] --certificate-key[redacted] sha256:{ca_hash}"
    assert clean(f"Using certificate key:\n{key}") == "Using certificate key[redacted]"
