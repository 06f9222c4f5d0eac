"""The JetStream streams, as they should be configured.

Source: NATS documentation, "Streams": `max_msgs_per_subject` with discard old keeps the last value of each subject.
"""

from datetime import timedelta

from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig

from brb_shared.contracts.registry import SUBJECT_PREFIX, Stream

DUPLICATE_WINDOW = timedelta(minutes=2)
TIMELINE_AGE = timedelta(days=7)
DEAD_AGE = timedelta(days=30)
CHANGES_AGE = timedelta(days=1)


def config_of(stream: Stream) -> StreamConfig:
    """DESIRED and OBSERVED keep the last message of each subject; HAPPENED seven days; CHANGES one; DEAD thirty;
    AUDIT until authz has kept it, however long it is away."""
    config = StreamConfig(
        name=stream.value,
        subjects=[f"{SUBJECT_PREFIX}.{stream.lower()}.>"],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        num_replicas=1,
        duplicate_window=DUPLICATE_WINDOW.total_seconds(),
        max_msg_size=1 << 20,
        allow_direct=True,
    )
    match stream:
        case Stream.DESIRED | Stream.OBSERVED:
            config.max_msgs_per_subject = 1
        case Stream.HAPPENED:
            config.max_age = TIMELINE_AGE.total_seconds()
        case Stream.CHANGES:
            config.max_age = CHANGES_AGE.total_seconds()
        case Stream.AUDIT:
            config.retention = RetentionPolicy.WORK_QUEUE
        case Stream.DEAD:
            config.max_age = DEAD_AGE.total_seconds()
    return config
