"""The service's key in NATS' form."""

import nkeys
import pytest

from brb_shared.nkey import new_seed, private_key_of_seed, public_nkey_of, raw_public_key


def test_the_public_key_is_the_one_that_nats_derives_from_the_seed() -> None:
    seed = new_seed()
    theirs = nkeys.from_seed(bytearray(seed.encode())).public_key.decode()
    assert public_nkey_of(private_key_of_seed(seed)) == theirs


def test_the_raw_public_key_is_found_again() -> None:
    key = private_key_of_seed(new_seed())
    assert raw_public_key(public_nkey_of(key)) == key.public_key().public_bytes_raw()


@pytest.mark.parametrize("garbage", ["", "U", "nonsense!", "A" * 56])
def test_garbage_is_no_public_key(garbage: str) -> None:
    with pytest.raises(ValueError, match="public nkey"):
        raw_public_key(garbage)


def test_garbage_is_no_seed() -> None:
    with pytest.raises(ValueError, match="seed"):
        private_key_of_seed("SUAAA")
