"""The hashes of the chain, which the command line computes by itself."""

from brb_authz.audit.chain import GENESIS, canonical, chain_hash
from brb_cli.audit_chain import chain_hash as chain_hash_of_the_command_line
from fakes.audit_log import entry


def test_writer_and_verifier_agree() -> None:
    document = entry(1).document()
    assert chain_hash(GENESIS, 1, document).hex() == chain_hash_of_the_command_line(GENESIS.hex(), 1, document)


def test_each_part_of_an_entry_and_its_place_counts() -> None:
    document = entry(1).document()
    hashes = {
        chain_hash(GENESIS, 1, document),
        chain_hash(GENESIS, 2, document),
        chain_hash(bytes([1]) + GENESIS[1:], 1, document),
        chain_hash(GENESIS, 1, {**document, "rule": "another"}),
    }
    assert len(hashes) == 4


def test_the_canonical_form_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": ["ä"]}) == canonical({"a": ["ä"], "b": 1}) == '{"a":["ä"],"b":1}'.encode()
