"""The scripts that run on machines as root: POSIX shell, Debian and Ubuntu alike.

Each is a file here, given variables and files by its step. Nothing in it depends on the machine it is rendered for,
so the tests' fake machines understand a script by its name and variables alone.
"""

import base64
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources


class ScriptName(StrEnum):
    FACTS = "facts"
    PREPARE = "prepare"
    INIT = "init"
    JOIN = "join"
    RESET = "reset"
    KUBECONFIG = "kubeconfig"
    UPLOAD_CERTIFICATES = "upload-certificates"
    ETCD_MEMBERS = "etcd-members"
    ETCD_REMOVE = "etcd-remove"
    HOST_KEY_NEXT = "host-key-next"
    HOST_KEY_USE = "host-key-use"


@dataclass(frozen=True)
class Script:
    """`files`: path on the machine to content, written with mode 0600 before the script begins."""

    name: ScriptName
    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The whole script. It may hold secrets: never log it."""
        body = resources.files(__name__).joinpath(f"{self.name}.sh").read_text()
        variables = map(_variable, self.variables.items())
        files = map(_file, self.files.items())
        return "\n".join((_PRELUDE, *variables, "umask 077", *files, "umask 022", body))


_PRELUDE = """set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C"""


def _variable(item: tuple[str, str]) -> str:
    return f"{item[0]}={shlex.quote(item[1])}"


def _file(item: tuple[str, str]) -> str:
    path, content = shlex.quote(item[0]), base64.b64encode(item[1].encode()).decode()
    return f"mkdir -p \"$(dirname {path})\"\nbase64 -d > {path} <<'END_OF_FILE'\n{content}\nEND_OF_FILE"
