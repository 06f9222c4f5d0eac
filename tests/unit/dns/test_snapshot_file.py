"""The last snapshot on disk."""

from pathlib import Path

import pytest

from brb_dns.server.disk import load_snapshot
from brb_dns.zone.errors import UnreadableSnapshot
from brb_dns.zone.records import RecordSet, Snapshot
from brb_dns.zone.snapshot_file import read_snapshot, write_snapshot

SNAPSHOT = Snapshot(
    revision=7,
    serial=2026112401,
    records=(RecordSet(name="Shop.web.example.org.", type="TXT", ttl_seconds=60, values=('"a b"', '"ü"')),),
)


def test_what_was_written_is_read_and_no_other_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    write_snapshot(path, Snapshot())
    write_snapshot(path, SNAPSHOT)
    assert read_snapshot(path) == SNAPSHOT
    assert list(tmp_path.iterdir()) == [path]
    assert SNAPSHOT.records[0].name == "shop.web.example.org"


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_snapshot(path, SNAPSHOT)
    assert list(tmp_path.iterdir()) == [path]


def test_without_a_file_there_is_no_snapshot(tmp_path: Path) -> None:
    assert read_snapshot(tmp_path / "none.json") is None
    assert load_snapshot(tmp_path / "none.json") == Snapshot()
    assert load_snapshot(None) == Snapshot()


@pytest.mark.parametrize("damaged", ["", "{", '{"revision": "x"}', '{"records": [{"name": "a"}]}'])
def test_a_damaged_file_is_said_and_the_server_starts_without_it(tmp_path: Path, damaged: str) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(damaged)
    with pytest.raises(UnreadableSnapshot, match="remove it"):
        read_snapshot(path)
    assert load_snapshot(path) == Snapshot()
