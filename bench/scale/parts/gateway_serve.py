"""The gateway's HTTP API; OpenStack says yes to everything, and who owns what is kept in the process."""

import uvicorn

from brb_api_gateway.app import make_app
from brb_api_gateway.settings import Settings
from brb_shared.contracts.registry import Service
from brb_shared.observability import configure_logging
from fakes.access import LocalAccess
from fakes.gateway_cloud import WillingCloud

if __name__ == "__main__":
    settings = Settings()
    configure_logging(Service.API_GATEWAY, settings.log_level, json=True)
    app = make_app(settings, WillingCloud(), LocalAccess().gate)
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False)
