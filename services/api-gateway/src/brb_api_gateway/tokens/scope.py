"""How far a token reaches: verbs and resources, as routes declare them. Pure."""

from dataclasses import dataclass

ALL = "*"


@dataclass(frozen=True)
class TokenScope:
    verbs: tuple[str, ...] = (ALL,)
    resources: tuple[str, ...] = (ALL,)

    def allows(self, verb: str, resource: str) -> bool:
        """`clusters` does not reach `clusters/kubeconfigs`: what gives access to a cluster has to be named."""
        return (ALL in self.verbs or verb in self.verbs) and any(_names(each, resource) for each in self.resources)


EVERYTHING = TokenScope()


def _names(pattern: str, resource: str) -> bool:
    if pattern.endswith(f"/{ALL}"):
        return resource.startswith(pattern.removesuffix(ALL))
    return pattern in (ALL, resource)
