"""The cloud: `cloud.py` says what we need of it, `sdk_cloud.py` does it with openstacksdk."""
