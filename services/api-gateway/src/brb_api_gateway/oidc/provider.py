"""An identity provider as the protocol needs it: a frozen picture of its row, with the secret open."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Provider:
    """`client_secret`: None for a public client. `groups_claim` may be a dotted path.

    `allowed_groups`: who is in one of them may sign in; none: everybody may.
    """

    id: str
    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: tuple[str, ...]
    name_claim: str
    groups_claim: str
    allowed_groups: tuple[str, ...] = ()
