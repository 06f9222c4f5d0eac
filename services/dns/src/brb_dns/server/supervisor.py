"""The supervisor: binds the ports, keeps workers running, feeds them, keeps the last records on disk.

It is an asyncio program that others add to: what follows the changes of the zone calls `replace` and `apply`, what
holds the TSIG keys is `on_signed`. No query passes through here.

    supervisor = Supervisor(settings, load_zones(settings))
    supervisor.bind()            # as root; from then on it is `settings.user`
    await supervisor.run()       # until `stop`, or cancelled
"""

import asyncio
import socket
import time
from collections.abc import Sequence

import structlog

from brb_dns.server.channel import Frame, Load, load_frames
from brb_dns.server.configuration import ConfigurationError, load_cookie_secrets, load_zones
from brb_dns.server.counters import LARGEST_ZONES, NO_ZONE, Counters
from brb_dns.server.crew import Member
from brb_dns.server.disk import SnapshotKeeper, load_snapshot, require_writable
from brb_dns.server.metrics import Status
from brb_dns.server.processes import become, hurry
from brb_dns.server.settings import ServerSettings
from brb_dns.server.signed import OnSigned
from brb_dns.server.sockets import Listeners, bind_listeners, bind_status
from brb_dns.server.status import serve_status
from brb_dns.server.worker import Start
from brb_dns.zone.config import ZoneConfig
from brb_dns.zone.records import Change, Snapshot
from brb_dns.zone.zones import Zones

log = structlog.get_logger()

_END_SECONDS = 2.0
"""A worker's own end after its connections have had their time."""


class Supervisor:
    def __init__(
        self, settings: ServerSettings, zones: Sequence[ZoneConfig], on_signed: OnSigned | None = None
    ) -> None:
        """`on_signed`: answers messages with a TSIG; None: their keys are unknown (NOTAUTH)."""
        self._settings = settings
        self._configs = tuple(zones)
        self._on_signed = on_signed
        self._slots = {config.origin: at for at, config in enumerate(self._configs, NO_ZONE + 1)}
        self._cookie_secrets = load_cookie_secrets(settings.cookie_secret_file)
        self._zones = Zones(self._configs, load_snapshot(settings.snapshot_file))
        self._changed_at = self._confirmed_at = time.time()
        self._members: list[Member] = []
        self._status_socket: socket.socket | None = None
        self._stopping = asyncio.Event()
        self._keeper = SnapshotKeeper(settings.snapshot_file, settings.snapshot_delay_seconds, self._zones_snapshot)

    @property
    def snapshot(self) -> Snapshot:
        """What is answered from; revision 0: no records were ever loaded."""
        return self._zones.snapshot()

    @property
    def revision(self) -> int:
        return self._zones.revision

    def bind(self) -> None:
        """Bind the ports, then give up root. Raises OSError, KeyError for an unknown account, ConfigurationError."""
        for _ in range(self._settings.workers):
            listeners = bind_listeners(self._settings.listen, self._settings.receive_buffer_bytes)
            self._members.append(Member(self._settings, listeners, self._on_signed))
        if self._settings.status_listen:
            self._status_socket = bind_status(self._settings.status_listen)
        hurry(self._settings.nice)
        if self._settings.user:
            become(self._settings.user)
        require_writable(self._settings.snapshot_file)

    async def run(self) -> None:
        """Until `stop` or cancelled; both let the workers finish what they have."""
        async with asyncio.TaskGroup() as group:
            crew = [group.create_task(member.run(self._begin)) for member in self._members]
            others = [group.create_task(self._keeper.run())]
            if self._status_socket is not None:
                others.append(group.create_task(serve_status(self._status_socket, self._status())))
            try:
                await self._stopping.wait()
            finally:
                await self._dismiss(crew)
                for task in others:
                    task.cancel()

    def stop(self) -> None:
        log.info("Stopping")
        self._stopping.set()

    def replace(self, snapshot: Snapshot) -> None:
        """All records anew. Workers answer from the old ones until they have built the new ones."""
        self._zones = Zones(self._configs, snapshot)
        self._load()
        self._keeper.mark()

    def apply(self, change: Change) -> None:
        """Answered by every worker within milliseconds."""
        self._zones.apply(change)
        self._changed_at = self._confirmed_at = time.time()
        for member in self._members:
            member.send(Frame.APPLY, change.model_dump_json().encode())
        self._keeper.mark()

    def confirm(self) -> None:
        """The records are known to be current: whoever feeds them says so, for the metrics."""
        self._confirmed_at = time.time()

    def reload(self) -> None:
        """Read the zones again, and the kept snapshot if it is as new as ours. What is wrong there changes nothing."""
        try:
            configs = load_zones(self._settings) if self._settings.zones_file else self._configs
        except ConfigurationError as error:
            log.error("Not reloaded", error=str(error))
            return
        kept = load_snapshot(self._settings.snapshot_file)
        self.reconfigure(configs, kept if kept.revision >= self._zones.revision else None)
        log.info("Reloaded", zones=[config.origin for config in configs])

    def reconfigure(self, zones: Sequence[ZoneConfig], snapshot: Snapshot | None = None) -> None:
        """Other zones; addresses, ports and workers stay as they are."""
        self._configs = tuple(zones)
        for config in self._configs:
            at = NO_ZONE + 1 + len(self._slots)
            self._slots.setdefault(config.origin, at if at < LARGEST_ZONES else NO_ZONE)
        self._zones = Zones(self._configs, snapshot or self._zones.snapshot())
        self._load()

    def _load(self) -> None:
        self._changed_at = self._confirmed_at = time.time()
        snapshot = self._zones.snapshot()
        load = Load(zones=self._configs, slots=self._slots, revision=snapshot.revision, serial=snapshot.serial)
        for kind, payload in load_frames(load, snapshot.records):
            for member in self._members:
                member.send(kind, payload)

    def _begin(self, counters: Counters, listeners: Listeners, channel: socket.socket) -> Start:
        return Start(
            settings=self._settings,
            zones=self._zones,
            slots=dict(self._slots),
            cookie_secrets=self._cookie_secrets,
            counters=counters,
            listeners=listeners,
            channel=channel,
            takes_signed=self._on_signed is not None,
        )

    async def _dismiss(self, crew: list[asyncio.Task[None]]) -> None:
        for member in self._members:
            member.stop()
        _, late = await asyncio.wait(crew, timeout=self._settings.drain_seconds + _END_SECONDS)
        for task in late:
            task.cancel()

    def _zones_snapshot(self) -> Snapshot:
        return self._zones.snapshot()

    def _status(self) -> Status:
        return Status(
            members=self._members,
            zone_names=lambda: {slot: origin for origin, slot in self._slots.items()},
            revision=lambda: self._zones.revision,
            serial=lambda: self._zones.serial,
            changed_at=lambda: self._changed_at,
            confirmed_at=lambda: self._confirmed_at,
        )
