"""What can stop a build.

BuildError
├── MissingTool      a program is not there and could not be installed
├── CommandFailed    a program ended with an error
├── VersionMismatch  a go.mod names another version than the catalog
└── RegistryRefused  the registry did not take an image
"""


class BuildError(Exception):
    """The mirror cannot be built; the message says what to do."""


class MissingTool(BuildError):
    pass


class CommandFailed(BuildError):
    pass


class VersionMismatch(BuildError):
    pass


class RegistryRefused(BuildError):
    pass
