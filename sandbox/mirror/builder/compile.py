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
    inputs = _inputs(release, go)
    return cache.ensure(_name(release), inputs, lambda target: _build(release, go, target))


def is_built(release: GoRelease, go: Go) -> bool:
    return (cache.folder() / f"{_name(release)}-{_inputs(release, go)}").is_dir()


def module_folder(release: GoRelease, go: Go) -> Path:
    """Where Go keeps the unpacked sources of the release's upstream module."""
    command = [go.program, "list", "-mod=mod", "-m", "-f", "{{.Dir}}", release.requires]
    run([go.program, "mod", "download", release.requires], cwd=MODULES / release.module, env=go.environment())
    return Path(run(command, cwd=MODULES / release.module, env=go.environment()).strip())


def _name(release: GoRelease) -> str:
    return f"{release.name}-{release.version}"


def _inputs(release: GoRelease, go: Go) -> str:
    words = [go.version, *_flags(release), *sorted(map(str, release.binaries.items()))]
    return cache.hash_of(words, _sources(release))


def _build(release: GoRelease, go: Go, target: Path) -> None:
    if release.seccomp:
        ensure_seccomp()
    if all(package.endswith(f"/{name}") for name, package in release.binaries.items()):
        _compile(release, go, f"{target}/", list(release.binaries.values()))  # at once: a linker uses one core
    else:
        for name, package in release.binaries.items():
            _compile(release, go, f"{target / name}", [package])
    for name in release.binaries:
        os.utime(target / name, (0, 0))


def _compile(release: GoRelease, go: Go, output: str, packages: list[str]) -> None:
    command: list[str | Path] = ["nice", go.program, "build", *_flags(release), "-o", output, *packages]
    run(command, cwd=MODULES / release.module, env=go.environment(cgo=release.seccomp))


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
