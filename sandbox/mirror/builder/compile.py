"""Compiles one release: from a module with a committed go.sum to a folder of binaries in the cache."""

import os
from pathlib import Path

from builder import cache
from builder.catalog import GoRelease
from builder.commands import run
from builder.errors import VersionMismatch
from builder.toolchain import Go, ensure_seccomp

MODULES = Path(__file__).resolve().parent.parent / "modules"


def ensure_binaries(release: GoRelease, go: Go) -> Path:
    """The folder with the release's binaries, built unless the cache has them from the very same inputs."""
    _require_version(release)
    inputs = cache.hash_of(
        [go.version, *_flags(release), *sorted(map(str, release.binaries.items()))], _sources(release)
    )
    return cache.ensure(f"{release.name}-{release.version}", inputs, lambda target: _build(release, go, target))


def module_folder(release: GoRelease, go: Go) -> Path:
    """Where Go keeps the unpacked sources of the release's upstream module."""
    command = [go.program, "list", "-mod=mod", "-m", "-f", "{{.Dir}}", release.requires]
    run([go.program, "mod", "download", release.requires], cwd=MODULES / release.module, env=go.environment())
    return Path(run(command, cwd=MODULES / release.module, env=go.environment()).strip())


def _build(release: GoRelease, go: Go, target: Path) -> None:
    if release.seccomp:
        ensure_seccomp()
    for name, package in release.binaries.items():
        command: list[str | Path] = ["nice", go.program, "build", *_flags(release), "-o", target / name, package]
        run(command, cwd=MODULES / release.module, env=go.environment(cgo=release.seccomp))
        os.utime(target / name, (0, 0))


def _flags(release: GoRelease) -> list[str]:
    linker = ["-s", "-w", *(f"-X {name}={value}" for name, value in release.variables.items())]
    flags = ["-trimpath"]
    if release.seccomp:
        linker += ["-linkmode external", '-extldflags "-static"']
        flags += ["-tags", "seccomp,netgo,osusergo"]
    return [*flags, "-ldflags", " ".join(linker)]


def _sources(release: GoRelease) -> list[Path]:
    return [
        path for path in (MODULES / release.module).rglob("*") if path.is_file() and not path.name.endswith("_test.go")
    ]


def _require_version(release: GoRelease) -> None:
    """Go upgrades silently what is not named with its version; here it stops the build."""
    if not release.requires:
        return
    wanted = f"{release.requires} {release.version}"
    lines = (MODULES / release.module / "go.mod").read_text().splitlines()
    if not any(line.removeprefix("require").strip().removesuffix("// indirect").strip() == wanted for line in lines):
        raise VersionMismatch(f"modules/{release.module}/go.mod does not require {wanted}, as builder/catalog.py says")
