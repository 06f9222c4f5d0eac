"""Secrets at rest."""

import base64
import os
from pathlib import Path

import pytest

from brb_shared.secrets import Keyring, Redactor, SealBroken, new_keyring_line


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    path = tmp_path / "keyring"
    path.write_text(new_keyring_line("1") + new_keyring_line("2"))
    return Keyring.load(path)


def test_what_was_sealed_opens_for_the_same_tenant_object_and_field(keyring: Keyring) -> None:
    sealed = keyring.seal(b"secret", tenant="p", obj="c-1", field="token")
    assert b"secret" not in sealed
    assert keyring.open(sealed, tenant="p", obj="c-1", field="token") == b"secret"


@pytest.mark.parametrize("other", [{"tenant": "q"}, {"obj": "c-2"}, {"field": "key"}])
def test_a_sealed_value_moved_elsewhere_does_not_open(keyring: Keyring, other: dict[str, str]) -> None:
    place = {"tenant": "p", "obj": "c-1", "field": "token"}
    sealed = keyring.seal(b"secret", **place)
    with pytest.raises(SealBroken):
        keyring.open(sealed, **(place | other))


def test_every_flipped_byte_is_found(keyring: Keyring) -> None:
    sealed = keyring.seal(b"secret", tenant="p", obj="c-1", field="token")
    for index in range(len(sealed)):
        broken = bytearray(sealed)
        broken[index] ^= 1
        with pytest.raises((SealBroken, UnicodeDecodeError)):
            keyring.open(bytes(broken), tenant="p", obj="c-1", field="token")


def test_an_older_key_still_opens_after_a_newer_one_was_added(tmp_path: Path) -> None:
    path = tmp_path / "keyring"
    path.write_text(new_keyring_line("1"))
    sealed = Keyring.load(path).seal(b"secret", tenant="p", obj="c-1", field="token")
    path.write_text(path.read_text() + new_keyring_line("2"))
    assert Keyring.load(path).open(sealed, tenant="p", obj="c-1", field="token") == b"secret"


def test_a_short_key_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "keyring"
    path.write_text("1:" + base64.b64encode(os.urandom(16)).decode())
    with pytest.raises(ValueError, match="keyring, line 1"):
        Keyring.load(path)


def test_the_redactor_takes_out_what_it_was_told() -> None:
    redactor = Redactor()
    redactor.add("canary-1234")
    redactor.add("ab")
    assert redactor.clean("token=canary-1234 ab") == "token=[redacted] ab"
