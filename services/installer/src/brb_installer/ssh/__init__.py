"""Machines over SSH: `node.py` is the contract, `asyncssh_nodes.py` the only place that imports asyncssh."""
