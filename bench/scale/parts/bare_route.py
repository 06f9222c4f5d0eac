"""The yardstick of the list: the same rows by FastAPI and SQLAlchemy alone.

One query, the columns as they are stored, no sign-in, no view of the rows, nothing checked.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI, Response
from pydantic_core import to_json
from sqlalchemy import select

from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.database import SCHEMA
from brb_api_gateway.settings import Settings
from brb_shared.database import Database


def bare_app(database_url: str) -> FastAPI:
    database = Database(database_url, SCHEMA)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await database.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/clusters")
    async def list_clusters(limit: int) -> Response:
        async with database.sessions() as session:
            rows = (await session.scalars(select(ClusterRow).order_by(ClusterRow.id).limit(limit))).all()
        names = [column.key for column in ClusterRow.__table__.columns]
        return Response(
            to_json([{name: getattr(row, name) for name in names} for row in rows]), media_type="application/json"
        )

    return app


if __name__ == "__main__":
    settings = Settings()
    app = bare_app(settings.database_url.get_secret_value())
    uvicorn.run(app, host=settings.host, port=settings.port, log_config=None, access_log=False)
