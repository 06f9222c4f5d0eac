"""Signatures that did not verify: counted, told once in a while, and never lost."""

import asyncio

from dns.rcode import Rcode

from brb_dns.updates.refusals import RefusedSignatures
from fakes.audit_trails import FullDiskTrail, RememberingTrail
from fakes.hub import running


async def test_what_was_counted_is_told_at_the_interval_one_entry_for_each_key_and_fault() -> None:
    trail = RememberingTrail()
    refusals = RefusedSignatures(trail, interval_seconds=0.01)
    for client in ("192.0.2.1", "192.0.2.2"):
        refusals.count("dk-1", Rcode.BADSIG, client)
        refusals.count(None, Rcode.BADKEY, client)
    refusals.count("dk-1", Rcode.BADTIME, "192.0.2.3")
    async with running(refusals.run()), asyncio.timeout(10):
        while len(trail.entries) < 3:
            await asyncio.sleep(0.01)
    told = {(entry.user.id, entry.rule.partition(":")[0]): entry for entry in trail.entries}
    assert set(told) == {("dnskey:dk-1", "BADSIG"), ("", "BADKEY"), ("dnskey:dk-1", "BADTIME")}
    assert told["", "BADKEY"].remote_addr == "192.0.2.1"
    assert ": 2," in told["", "BADKEY"].message


async def test_what_cannot_be_written_stays_counted() -> None:
    trail = FullDiskTrail()
    refusals = RefusedSignatures(trail, interval_seconds=0.01)
    refusals.count("dk-1", Rcode.BADSIG, "192.0.2.1")
    async with running(refusals.run()):
        await asyncio.sleep(0.05)
        refusals.count("dk-1", Rcode.BADSIG, "192.0.2.2")
        trail.is_full = False
    (entry,) = trail.entries
    assert ": 2," in entry.message
