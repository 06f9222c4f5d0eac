"""Which subjects each login may use, from the registry: a service writes its own kinds and reads those meant for it,
asks what it may ask, and answers whoever has asked it.

Source: NATS documentation, "JetStream API reference" (subjects below $JS.API) and "Authorization".
"""

from dataclasses import dataclass

from brb_shared.contracts.registry import CALLS, KINDS, SUBJECT_PREFIX, Kind, Service, Stream, dead_subject
from brb_shared.messaging.broker import inbox_prefix

SUBSCRIBER = "subscriber"
"""The login of event subscribers outside the platform: reads HAPPENED, writes nothing."""


@dataclass(frozen=True)
class Permissions:
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    may_answer: bool = False
    """Once to each question, where its asker wants the answer."""


def permissions_of(service: Service) -> Permissions:
    streams = [f"$JS.API.STREAM.{act}.{stream}" for stream in Stream for act in ("INFO", "CREATE")]
    writes = [kind.subject("*") for kind in KINDS if kind.writer is service]
    reads = [subject for kind in KINDS if service in kind.readers for subject in _consumer_subjects(kind, service)]
    changes = [kind for kind in KINDS if kind.stream is Stream.CHANGES]
    beats = [kind.beat_subject for kind in changes if kind.writer is service]
    heard = [kind.beat_subject for kind in changes if service in kind.readers]
    asked = [call.subject for call in CALLS if service in call.askers]
    answered = [call.subject for call in CALLS if call.answerer is service]
    publish = ("$JS.API.INFO", *streams, *writes, *beats, *reads, *asked, dead_subject(service))
    subscribe = (f"{inbox_prefix(service)}.>", *heard, *answered)
    return Permissions(publish=publish, subscribe=subscribe, may_answer=bool(answered))


def subscriber_permissions() -> Permissions:
    stream = Stream.HAPPENED
    api = [f"$JS.API.STREAM.INFO.{stream}", f"$JS.API.STREAM.MSG.GET.{stream}", f"$JS.API.DIRECT.GET.{stream}.>"]
    consumers = [f"$JS.API.CONSUMER.{act}.{stream}.>" for act in ("CREATE", "INFO", "MSG.NEXT", "DELETE")]
    publish = ("$JS.API.INFO", *api, *consumers, f"$JS.ACK.{stream}.>")
    return Permissions(publish=publish, subscribe=(f"{inbox_prefix(SUBSCRIBER)}.>",))


def render_nats_config(logins: dict[str, str]) -> str:
    """The part of nats-server's configuration that holds the logins. `logins`: name to public nkey (U…)."""
    users = "\n".join(_render_user(nkey, _permissions_of_login(name)) for name, nkey in sorted(logins.items()))
    return f"authorization {{\n  users = [\n{users}\n  ]\n}}\n"


def _permissions_of_login(name: str) -> Permissions:
    return subscriber_permissions() if name == SUBSCRIBER else permissions_of(Service(name))


def _consumer_subjects(kind: Kind, service: Service) -> list[str]:
    """A follower's consumers have random names, which a pattern of NATS cannot narrow to a service's own."""
    if kind.stream is Stream.CHANGES:
        filtered = f"{SUBJECT_PREFIX}.{kind.stream.lower()}.{kind.name}.*"
        acts = [f"$JS.API.CONSUMER.{act}.{kind.stream}.*" for act in ("INFO", "MSG.NEXT")]
        return [f"$JS.API.CONSUMER.CREATE.{kind.stream}.*.{filtered}", *acts]
    place = f"{kind.stream}.{kind.durable(service)}"
    return [
        f"$JS.API.CONSUMER.CREATE.{place}.{SUBJECT_PREFIX}.{kind.stream.lower()}.{kind.name}.*",
        f"$JS.API.CONSUMER.INFO.{place}",
        f"$JS.API.CONSUMER.MSG.NEXT.{place}",
        f"$JS.ACK.{place}.>",
    ]


def _render_user(nkey: str, permissions: Permissions) -> str:
    publish, subscribe = _quoted(permissions.publish), _quoted(permissions.subscribe)
    answers = ", allow_responses: true" if permissions.may_answer else ""
    return f"    {{ nkey: {nkey}, permissions: {{ publish: [{publish}], subscribe: [{subscribe}]{answers} }} }}"


def _quoted(subjects: tuple[str, ...]) -> str:
    return ", ".join(f'"{subject}"' for subject in subjects)
