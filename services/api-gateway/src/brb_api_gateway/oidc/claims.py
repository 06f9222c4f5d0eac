"""From an issuer's claims to who it is, in the platform's form. Pure.

The ID token says who it is; what it leaves out is taken from the userinfo answer.
"""

from typing import Any

from brb_api_gateway.identities.identity import Identity, oidc_groups, oidc_user
from brb_api_gateway.oidc.errors import misconfigured, not_allowed
from brb_api_gateway.oidc.provider import Provider

Claims = dict[str, Any]
Sources = tuple[Claims, ...]

LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, 2: "It MUST NOT exceed 255 ASCII characters"
_NAME_CLAIMS = ("preferred_username", "name", "email")


def is_complete(provider: Provider, claims: Claims) -> bool:
    """Nothing has to be asked for at the userinfo endpoint."""
    names = (_at(claims, claim) for claim in (provider.name_claim, *_NAME_CLAIMS))
    return _at(claims, provider.groups_claim) is not None and any(name is not None for name in names)


def read_identity(provider: Provider, claims: Claims, userinfo: Claims) -> Identity:
    """Raises Problem 403 for whom the settings do not let in, 502 for claims of the wrong form."""
    sources = (claims, userinfo)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _is_plain(subject, LONGEST_SUBJECT):
        raise not_allowed(
            "Your identity provider gives you an identifier (sub) that is empty, too long or not plain text; "
            "ask its administrators"
        )
    names = _groups(provider, sources)
    _require_allowed(provider, names)
    return Identity(
        user_id=oidc_user(provider.id, subject),
        identity_provider=provider.id,
        subject=subject,
        name=_name(provider, sources) or subject,
        email=_email(sources),
        groups=oidc_groups(provider.id, names),
    )


def _groups(provider: Provider, sources: Sources) -> list[str]:
    """One name or a list of names. What cannot be the name of a group is left out."""
    found = _first(sources, provider.groups_claim)
    if found is None:
        return []
    names = [found] if isinstance(found, str) else found
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise misconfigured(provider.issuer, f"has a claim {provider.groups_claim!r} that is no list of names")
    return [name for name in names if _is_plain(name, LONGEST_SUBJECT)]


def _require_allowed(provider: Provider, groups: list[str]) -> None:
    if provider.allowed_groups and not set(groups) & set(provider.allowed_groups):
        raise not_allowed(
            "You are in none of the groups that may sign in here; ask the platform's administrators which those are"
        )


def _name(provider: Provider, sources: Sources) -> str | None:
    for claim in (provider.name_claim, *_NAME_CLAIMS):
        found = _first(sources, claim)
        if isinstance(found, str) and _is_plain(found, LONGEST_SUBJECT):
            return found
    return None


def _email(sources: Sources) -> str | None:
    """Only for people to read: it identifies nobody."""
    email = _first(sources, "email")
    return email if isinstance(email, str) and _is_plain(email, LONGEST_SUBJECT) else None


def _first(sources: Sources, path: str) -> Any:
    found = (_at(claims, path) for claims in sources)
    return next((value for value in found if value is not None), None)


def _at(claims: Claims, path: str) -> Any:
    """By its very name (which may be a URL with dots in it), else by the dotted path."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _is_plain(text: str, longest: int) -> bool:
    """Something visible, and nothing that hides in a log or a list."""
    return 0 < len(text) <= longest and text.isprintable() and bool(text.strip())
