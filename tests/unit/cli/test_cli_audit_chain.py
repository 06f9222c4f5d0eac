"""The command line's own verifier of an exported audit log."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from brb_cli.audit_chain import check_lines
from fakes.audit_log import exported
from unit.cli.conftest import Brb

COUNT = 20
Tampering = Callable[[list[str]], list[str]]


def flip_a_byte(lines: list[str]) -> list[str]:
    return [*lines[:9], lines[9].replace("cluster-owner", "cluster-ownes"), *lines[10:]]


def forge_an_entry_with_its_hash(lines: list[str]) -> list[str]:
    from brb_cli.audit_chain import chain_hash

    record = json.loads(lines[9])
    record["entry"]["user"]["id"] = "u-2"
    record["hash"] = chain_hash(record["previous_hash"], record["seq"], record["entry"])
    return [*lines[:9], json.dumps(record), *lines[10:]]


def delete_a_row(lines: list[str]) -> list[str]:
    return lines[:9] + lines[10:]


def delete_the_first_row(lines: list[str]) -> list[str]:
    return lines[:1] + lines[2:]


def delete_the_last_row(lines: list[str]) -> list[str]:
    return lines[:-1]


def reorder_a_pair(lines: list[str]) -> list[str]:
    return [*lines[:9], lines[10], lines[9], *lines[11:]]


def reorder_a_pair_and_renumber_it(lines: list[str]) -> list[str]:
    first, second = json.loads(lines[9]), json.loads(lines[10])
    first["entry"], second["entry"] = second["entry"], first["entry"]
    return [*lines[:9], json.dumps(first), json.dumps(second), *lines[11:]]


def test_a_sound_log_is_found_sound() -> None:
    check = check_lines(exported(COUNT))
    assert (check.finish(), check.entries) == ([], COUNT)


@pytest.mark.parametrize(
    "tamper",
    [
        flip_a_byte,
        forge_an_entry_with_its_hash,
        delete_a_row,
        delete_the_first_row,
        delete_the_last_row,
        reorder_a_pair,
        reorder_a_pair_and_renumber_it,
    ],
)
def test_tampering_is_found(tamper: Tampering) -> None:
    check = check_lines(tamper(exported(COUNT)))
    assert check.finish()


def test_the_fault_names_the_entry() -> None:
    check = check_lines(flip_a_byte(exported(COUNT)))
    assert [fault.seq for fault in check.finish()] == [9]


def test_what_is_no_export_is_refused() -> None:
    with pytest.raises(ValueError, match="no export"):
        check_lines(exported(COUNT)[1:])


def test_verify_reads_a_file_and_says_what_is_wrong(brb: Brb, tmp_path: Path) -> None:
    sound, forged = tmp_path / "sound.jsonl", tmp_path / "forged.jsonl"
    sound.write_text("\n".join(exported(COUNT)))
    forged.write_text("\n".join(flip_a_byte(exported(COUNT))))
    good = brb("audit", "verify", str(sound), "-o", "json")
    assert (good.exit_code, good.json["sound"], good.json["entries"]) == (0, True, COUNT)
    bad = brb("audit", "verify", str(forged))
    assert bad.exit_code == 1
    assert "Entry 9: its content is not what was recorded" in bad.stderr


def test_verify_takes_an_export_from_stdin(brb: Brb) -> None:
    assert brb("audit", "verify", "-", stdin="\n".join(exported(3))).exit_code == 0
    assert "no export" in brb("audit", "verify", "-", stdin="{}\n").stderr
