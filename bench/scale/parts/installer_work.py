"""The installer, with fake machines and clusters."""

import asyncio

from bench.scale.machines import ManyApis, ManyNodes
from brb_installer.app import run_work
from brb_installer.settings import Settings
from brb_installer.tools import Tools
from brb_shared.clouds import load_clouds
from brb_shared.contracts.registry import Service
from brb_shared.observability import configure_logging
from brb_shared.process import until_stopped
from brb_shared.secrets import Keyring
from brb_shared.settings import required
from fakes.node_installation import OneCredential, UpstreamManifests

_ME = Service.INSTALLER


def tools(settings: Settings) -> Tools:
    apis = ManyApis()
    return Tools(
        settings=settings,
        nodes=ManyNodes(apis),
        apis=apis,
        keyring=Keyring.load(required(settings.keyring_file, "keyring_file", _ME)),
        credentials=OneCredential(),
        manifests=UpstreamManifests(),
        clouds=load_clouds(required(settings.clouds_file, "clouds_file", _ME)),
    )


if __name__ == "__main__":
    settings = Settings()
    configure_logging(_ME, settings.log_level, json=True)
    asyncio.run(until_stopped(run_work(settings, tools(settings))))
