"""The platform's processes on the fake world, one module each, so that each imports only what the real one does.

They are the services' own processes but for the way out of the platform: OpenStack, the machines, the clusters' APIs.
"""
