"""The hub."""

import asyncio

from brb_api_gateway.settings import Settings
from brb_api_gateway.work import run_work
from brb_shared.contracts.registry import Service
from brb_shared.observability import configure_logging
from brb_shared.process import until_stopped
from fakes.access import LocalAccess
from fakes.gateway_cloud import WillingCloud

if __name__ == "__main__":
    settings = Settings()
    configure_logging(Service.API_GATEWAY, settings.log_level, json=True)
    asyncio.run(until_stopped(run_work(settings, WillingCloud(), LocalAccess())))
