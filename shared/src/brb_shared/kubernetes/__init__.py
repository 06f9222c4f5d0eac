"""A cluster's own API, for the services that work in clusters. `client.py` alone imports kubernetes_asyncio."""
