"""A cluster's own API: `cluster_api.py` is the contract, `api.py` does it over brb_shared.kubernetes."""
