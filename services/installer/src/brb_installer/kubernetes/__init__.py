"""A cluster's own API: `cluster_api.py` is the contract, `asyncio_api.py` alone imports kubernetes_asyncio."""
