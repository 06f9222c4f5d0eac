"""What the gateway asks of OpenStack: a Protocol, and its only implementation with openstacksdk."""
