"""`python -m brb_api_gateway migrate | serve | work | break-glass | openapi | asyncapi | messages`."""

import sys

from brb_api_gateway.app import make_app
from brb_api_gateway.database import SCHEMA
from brb_api_gateway.document import DOCUMENTS
from brb_api_gateway.identities.break_glass import new_password
from brb_api_gateway.settings import Settings
from brb_api_gateway.work import run_work
from brb_shared.contracts.registry import Service
from brb_shared.database import Database, run_migrations
from brb_shared.observability import configure_logging
from brb_shared.process import Process


def load_settings() -> Settings:
    settings = Settings()
    configure_logging(Service.API_GATEWAY, settings.log_level, json=settings.log_json)
    return settings


async def migrate(settings: Settings) -> None:
    await run_migrations(settings.database_url.get_secret_value(), "brb_api_gateway:migrations", SCHEMA)


async def break_glass(settings: Settings) -> None:
    """Print a new password, good for one sign-in; the one before is not good any more."""
    database = Database(settings.database_url.get_secret_value(), SCHEMA)
    try:
        print(await new_password(database))
    finally:
        await database.dispose()


TASKS = {"break-glass": break_glass}

if __name__ == "__main__":
    sys.exit(Process("brb_api_gateway", load_settings, migrate, make_app, run_work, DOCUMENTS, TASKS).main())
