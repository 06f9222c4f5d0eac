"""Generated passwords. The image holds none that work: `start` makes them new for every sandbox.

They live in the state volume, so a restarted container keeps them. Keystone's stored hashes and its token keys
are replaced before Keystone starts, which needs no API call and no admin password known beforehand.
"""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import NamedTuple

import bcrypt

from brb_sandbox import database
from brb_sandbox.places import STATE

PEOPLE = ("admin", "operator", "demo", "small")
_FILE = STATE / "passwords.json"
_BCRYPT_ROUNDS = 4
"""Keystone's minimum: tokens come quickly, and nothing here is worth a slow hash."""


class Passwords(NamedTuple):
    """One password each for MariaDB, the services' Keystone user `service`, and every person."""

    database: str
    service: str
    people: dict[str, str]


def ensure_passwords() -> Passwords:
    """Read this sandbox's passwords, or make them at its first start."""
    if not _FILE.exists():
        fresh = Passwords(_new(), _new(), {name: _new() for name in PEOPLE})
        write_private(_FILE, json.dumps(fresh._asdict()))
    return Passwords(**json.loads(_FILE.read_text()))


def write_private(path: Path, text: str) -> None:
    """Write a file that only root may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def replace_keystone_passwords(passwords: Passwords) -> None:
    """Store the hashes of this sandbox's passwords in Keystone's database."""
    for name, password in {**passwords.people, "service": passwords.service}.items():
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(_BCRYPT_ROUNDS)).decode()
        database.execute(
            "UPDATE keystone.password p JOIN keystone.local_user u ON p.local_user_id = u.id "
            f"SET p.password_hash = '{hashed}' WHERE u.name = '{name}'"
        )


def write_token_keys() -> None:
    """Make Keystone's fernet keys new: 0 is the staged key, 1 the primary (keystone-manage's layout)."""
    for repository in ("fernet-keys", "credential-keys"):
        for number in ("0", "1"):
            key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
            write_private(STATE / "keystone" / repository / number, key)


def _new() -> str:
    return secrets.token_urlsafe(18)
