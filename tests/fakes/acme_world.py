"""Certificates in memory: records, a zone and an authority, passes as the loop runs them, virtual time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from brb_dns.certificates.acme_authority import AcmeAuthority
from brb_dns.certificates.acme_session import Connection
from brb_dns.certificates.certificate import Account, Attempt, Certificate, Count, Event, Owner, Since
from brb_dns.certificates.errors import proof_blocked
from brb_dns.certificates.limits import registered_domain
from brb_dns.certificates.models import CertificateWork
from brb_dns.certificates.reconcile import CertificateReconciler
from brb_dns.certificates.scope import Equipment
from brb_dns.certificates.settings import AcmeSettings
from brb_shared.reconcile import Absent, Again, Lease, ReconcileError, Result, Settled, TerminalError
from brb_shared.reconcile.loop import TERMINAL_RETRY, backoff
from brb_shared.secrets import Keyring
from fakes.acme_ca import DIRECTORY, FakeCa
from fakes.cloud_base import Script

NAME = "shop.198.51.100.7.web.example.org"
CHALLENGE = f"_acme-challenge.{NAME}"
OWNER = Owner("research", "p-1", "c-1")
ID = "crt-1"


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        self.now += span


@dataclass
class MemoryRecords:
    """Each write is one call of the script."""

    clock: Clock
    script: Script = field(default_factory=Script)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    attempts: list[tuple[Attempt, str, str, datetime]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    async def load(self, certificate_id: str) -> Certificate | None:
        return self.certificates.get(certificate_id)

    async def write(self, certificate: Certificate, lease: Lease, *told: Event | Count) -> None:
        with self._call("write"):
            before = self.certificates[certificate.id]
            self.certificates[certificate.id] = replace(
                certificate, wanted=before.wanted, generation=before.generation, asked=before.asked
            )
            for one in told:
                if isinstance(one, Count):
                    self.attempts.append((one.attempt, certificate.name, one.directory, self.clock.now))
                else:
                    self.events.append(one)

    async def forget(self, certificate: Certificate, lease: Lease) -> None:
        with self._call("forget"):
            self.certificates.pop(certificate.id, None)

    async def load_account(self, directory: str) -> Account | None:
        return self.accounts.get(directory)

    async def add_account(self, account: Account) -> Account:
        with self._call("add account"):
            return self.accounts.setdefault(account.directory, account)

    async def change_account(self, account: Account) -> None:
        with self._call("change account"):
            self.accounts[account.directory] = account

    async def nth_latest(self, counted: Since, number: int) -> datetime | None:
        times = sorted(
            (
                at
                for attempt, name, directory, at in self.attempts
                if attempt in counted.attempts
                and at > counted.after
                and counted.name in (None, name)
                and counted.registered_domain in (None, registered_domain(name))
                and counted.directory in (None, directory)
            ),
            reverse=True,
        )
        return times[number - 1] if len(times) >= number else None

    @contextmanager
    def _call(self, name: str) -> Iterator[None]:
        number = self.script.before(name)
        yield
        self.script.after(number, name)


@dataclass
class MemoryZone:
    """The zone's TXT records and the servers that answer for it.

    `hidden`: servers that do not show changes yet. `is_not_delegated`: our servers show them, the authority sees none.
    """

    script: Script = field(default_factory=Script)
    values: set[tuple[str, str]] = field(default_factory=set)
    most_at_once: int = 0
    hidden: tuple[str, ...] = ()
    caa_records: tuple[tuple[str, str], ...] = ()
    is_foreign: bool = False
    is_not_delegated: bool = False

    async def present(self, name: str, value: str, owner: Owner) -> None:
        number = self.script.before("present")
        if self.is_foreign:
            raise proof_blocked("the address is not yours")
        self.values.add((name, value))
        self.most_at_once = max(self.most_at_once, len(self.values))
        self.script.after(number, "present")

    async def withdraw(self, name: str, value: str) -> None:
        number = self.script.before("withdraw")
        self.values.discard((name, value))
        self.script.after(number, "withdraw")

    async def missing(self, name: str, values: frozenset[str]) -> tuple[str, ...]:
        return self.hidden

    async def caa(self, name: str) -> tuple[tuple[str, str], ...]:
        return self.caa_records

    def look(self, name: str) -> frozenset[str]:
        return frozenset(value for found, value in self.values if found == name and not self.is_not_delegated)


class World:
    """One certificate and all around it. `restart`: a new process, which knows nothing but the records."""

    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.zone = MemoryZone()
        self.ca = FakeCa(self.zone.look, self.clock)
        self.records = MemoryRecords(self.clock)
        values = {"acme_directory_url": DIRECTORY, **settings}
        self.settings = AcmeSettings(database_url=SecretStr("unused"), **values)
        self.keyring = Keyring({"1": os.urandom(32)}, "1")
        self.jitter = 0.5
        self.errors: list[ReconcileError] = []
        self.failures = 0
        self.add()
        self.restart()

    def add(self, id_: str = ID, name: str = NAME) -> None:
        self.records.certificates[id_] = Certificate(id_, name, OWNER, "198.51.100.7", "shop")

    def restart(self) -> None:
        directory, timeout = self.settings.acme_directory_url, self.settings.acme_timeout_seconds
        self.authority = AcmeAuthority(
            Connection(directory, timeout, transport=self.ca),
            contact=self.settings.acme_contact,
            profile=self.settings.acme_profile,
            external_account_file=self.settings.acme_external_account_file,
            threads=2,
        )
        self.equipment = Equipment(
            settings=self.settings,
            records=self.records,
            challenges=self.zone,
            answering=self.zone,
            keyring=self.keyring,
            now=self.clock,
            jitter=lambda: self.jitter,
            authority=self.authority if directory else None,
        )
        self.reconciler = CertificateReconciler(self.equipment)

    def use(self, script: Script) -> None:
        """All outside calls are numbered by one script."""
        self.ca.script = self.records.script = self.zone.script = script

    @property
    def certificate(self) -> Certificate:
        return self.records.certificates[ID]

    def change(self, **changes: Any) -> None:
        """As the API does."""
        self.records.certificates[ID] = replace(self.certificate, **changes)

    async def run_pass(self, id_: str = ID) -> Result | ReconcileError:
        """One turn of the loop; time goes on by the pause that follows."""
        lease = Lease(id_, 1, 0, self.failures, CertificateWork)
        try:
            result = await self.reconciler.reconcile(id_, lease)
        except ReconcileError as error:
            self.failures += 1
            self.errors.append(error)
            await self.reconciler.report(id_, lease, error, self.failures)
            slow = isinstance(error, TerminalError)
            self.clock.advance(TERMINAL_RETRY if slow else backoff(self.failures, jitter=0.5))
            return error
        self.failures = 0
        if isinstance(result, Again):
            self.clock.advance(result.after)
        return result

    async def settle(self, passes: int = 60) -> Result:
        for _ in range(passes):
            result = await self.run_pass()
            if isinstance(result, Settled | Absent):
                return result
        raise AssertionError(f"did not settle: {self.certificate.conditions}, {self.errors[-3:]}")

    async def run_for(self, span: timedelta, passes: int = 1000) -> None:
        """Passes until so much time has gone by."""
        end = self.clock.now + span
        for _ in range(passes):
            result = await self.run_pass()
            if isinstance(result, Absent):
                return
            if isinstance(result, Settled):
                self.clock.advance(result.recheck_after)
            if self.clock.now >= end:
                return
        raise AssertionError("too many passes for that time")

    def condition(self, type_: str) -> Any:
        return next(condition for condition in self.certificate.conditions if condition.type == type_)

    @property
    def reasons(self) -> list[str]:
        return [event.reason for event in self.records.events]
