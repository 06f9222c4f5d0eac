"""Rules of the sources that no linter has."""

import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("bench", "cli", "deploy", "docs", "sandbox", "services", "shared", "tests")
UNCHECKED_HOST_KEY = re.compile(r"known_hosts\s*[=:]\s*None|StrictHostKeyChecking[= ](no|off)\b|AutoAddPolicy")
"""asyncssh, OpenSSH and paramiko: each takes whatever key answers."""


def sources() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (REPOSITORY / folder).rglob("*"):
            if path.is_file() and (path.suffix in (".py", ".sh", ".yaml", ".yml") or not path.suffix):
                yield path


def offending(paths: Iterator[Path]) -> list[str]:
    return [
        f"{path.relative_to(REPOSITORY)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if UNCHECKED_HOST_KEY.search(line) and path != Path(__file__).resolve()
    ]


def test_no_source_connects_by_ssh_without_checking_the_host_key() -> None:
    assert offending(sources()) == []


def test_the_rule_sees_what_it_forbids() -> None:
    for line in ("connect(host, known_hosts=None)", "ssh -o StrictHostKeyChecking=no host", "AutoAddPolicy()"):
        assert UNCHECKED_HOST_KEY.search(line)
    assert not UNCHECKED_HOST_KEY.search("known_hosts=(trusted, [], [])")
