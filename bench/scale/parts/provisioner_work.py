"""The provisioner, with a project of a fake cloud for each cluster."""

import asyncio
import os
from datetime import UTC, datetime, timedelta

from bench.scale.clouds import ManyClouds
from brb_provisioner.app import run_work
from brb_provisioner.settings import ProvisionerSettings
from brb_provisioner.steps.scope import Equipment
from brb_shared.clouds import load_clouds
from brb_shared.contracts.registry import Service
from brb_shared.observability import configure_logging
from brb_shared.process import until_stopped
from brb_shared.secrets import Keyring
from brb_shared.settings import required
from fakes.cloud_world import FakeProbe

_ME = Service.PROVISIONER


def equipment(settings: ProvisionerSettings) -> Equipment:
    clouds = load_clouds(required(settings.clouds_file, "clouds_file", _ME))
    return Equipment(
        settings=settings,
        clouds=ManyClouds(next(iter(clouds.values())), timedelta(seconds=float(os.environ["BENCH_BOOT_SECONDS"]))),
        keyring=Keyring.load(required(settings.keyring_file, "keyring_file", _ME)),
        user_ca="ssh-ed25519 AAAA user-ca",
        probe=FakeProbe(),
        now=lambda: datetime.now(UTC),
    )


if __name__ == "__main__":
    settings = ProvisionerSettings()
    configure_logging(_ME, settings.log_level, json=True)
    asyncio.run(until_stopped(run_work(settings, equipment(settings))))
