"""The alembic history of schema `api_gateway`."""
