"""Kubernetes versions: which can be installed, and why others cannot. Pure."""

from collections.abc import Mapping, Sequence

from brb_api_gateway.clouds.schemas import KubernetesVersionChoice


class Versions:
    def __init__(self, supported: Sequence[str], unsupported: Mapping[str, str]) -> None:
        self._supported = sorted(supported, key=_parts, reverse=True)
        self._unsupported = unsupported

    @property
    def newest(self) -> str:
        return self._supported[0]

    def choices(self) -> list[KubernetesVersionChoice]:
        """Newest first."""
        offered = [
            KubernetesVersionChoice(
                version=version,
                supported=True,
                default=version == self.newest,
                reason="Installed from the artifact source and tested by this platform",
            )
            for version in self._supported
        ]
        refused = [
            KubernetesVersionChoice(version=version, supported=False, reason=reason)
            for version, reason in self._unsupported.items()
        ]
        return sorted([*offered, *refused], key=lambda choice: _parts(choice.version), reverse=True)

    def why_not(self, version: str) -> str | None:
        """None if it can be installed, else a sentence with those that can."""
        if version in self._supported:
            return None
        reason = self._unsupported.get(version, "this platform does not have it")
        return f"Kubernetes {version} cannot be installed: {reason}; choose one of {', '.join(self._supported)}"


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
