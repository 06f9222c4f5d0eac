"""Where programs for tests and benchmarks come from."""

from pathlib import Path

import pytest

from brb_shared.testing.debian import MissingPrograms, ensure_programs


def test_programs_of_the_system_are_used_as_they_are() -> None:
    programs = ensure_programs({"sh": "dash", "ls": "coreutils"})
    assert programs["sh"].endswith("/sh")
    assert programs.root is None
    assert "LD_LIBRARY_PATH" not in programs.environment()


def test_where_there_is_no_apt_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BRB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingPrograms, match="please install nsd-of-nobody"):
        ensure_programs({"nsd-of-nobody": "nsd-of-nobody"})


def test_a_package_that_apt_does_not_have_is_named_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a machine that reaches no package registry: apt fails, and says why."""
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\necho 'Could not resolve host' >&2\nexit 100\n")
    apt.chmod(0o755)
    (tmp_path / "dpkg-deb").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BRB_CACHE", str(tmp_path / "cache"))
    with pytest.raises(MissingPrograms, match=r"install nsd-of-nobody; apt could not: Could not resolve host"):
        ensure_programs({"nsd-of-nobody": "nsd-of-nobody"})
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".debian.lock"]
