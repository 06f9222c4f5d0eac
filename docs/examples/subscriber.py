"""An event subscriber: prints what happens to clusters, one CloudEvent as JSON on each line.

    python docs/examples/subscriber.py                             # from now on
    python docs/examples/subscriber.py --since 2026-01-31T08:00Z   # replay from a time, then go on
    python docs/examples/subscriber.py --sequence 1200             # replay from a place in the stream, then go on
    python docs/examples/subscriber.py --cluster c-7k3m9q2x1v      # one cluster only

It needs only nats-py (`pip install nats-py[nkeys]`) and, where the server has logins, the seed of login `subscriber`.
What the fields mean: docs/contracts/events.md and docs/asyncapi.json.
"""

import argparse
import asyncio
import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import nats
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

STREAM = "HAPPENED"
LOGIN = "subscriber"


async def main(options: argparse.Namespace) -> None:
    client = await nats.connect(
        options.url,
        name=LOGIN,
        inbox_prefix=f"_INBOX_{LOGIN}".encode(),  # the only inbox that this login may read
        nkeys_seed=str(options.seed) if options.seed else None,
    )
    try:
        await follow(client.jetstream(), consumer_config(options))
    finally:
        await client.close()


async def follow(jetstream: nats.js.JetStreamContext, config: ConsumerConfig) -> None:
    """Print for ever. The consumer is forgotten by the server when nobody has asked for a while."""
    await jetstream.add_consumer(STREAM, config)
    subscription = await jetstream.pull_subscribe_bind(config.name, STREAM)
    while True:
        try:
            messages = await subscription.fetch(100, timeout=5)
        except TimeoutError:
            continue
        for message in messages:
            print_event(message)


def print_event(message: Msg) -> None:
    """The event, and its place in the stream: where to go on next time with --sequence."""
    event = json.loads(message.data)
    event["sequence"] = message.metadata.sequence.stream
    print(json.dumps(event), flush=True)


def consumer_config(options: argparse.Namespace) -> ConsumerConfig:
    config = ConsumerConfig(
        name=f"subscriber-{uuid.uuid4().hex[:8]}",
        filter_subject=f"brb.v1.happened.*.{options.cluster or '*'}",
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.NEW,
        inactive_threshold=300,
    )
    if options.since is not None:
        config.deliver_policy = DeliverPolicy.BY_START_TIME
        config.opt_start_time = options.since.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if options.sequence is not None:
        config.deliver_policy = DeliverPolicy.BY_START_SEQUENCE
        config.opt_start_seq = options.sequence
    return config


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Print what happens to clusters")
    parser.add_argument("--url", default="nats://127.0.0.1:4222", help="the NATS server (default: %(default)s)")
    parser.add_argument("--seed", type=Path, help="file with the seed of the login `subscriber`")
    parser.add_argument("--cluster", help="only this cluster's id")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--since", type=datetime.fromisoformat, help="replay from this time (ISO 8601)")
    place.add_argument("--sequence", type=int, help="replay from this place in the stream")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    try:
        asyncio.run(main(parse(sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(130)
