"""Messages between services: PostgreSQL outbox → JetStream → version-guarded tables. NATS only carries."""

from brb_shared.messaging.broker import Broker, NatsSettings
from brb_shared.messaging.outbox import Outbox, OutboxRow
from brb_shared.messaging.relay import Relay
from brb_shared.messaging.subscription import Subscription

__all__ = ["Broker", "NatsSettings", "Outbox", "OutboxRow", "Relay", "Subscription"]
