"""`brb profile`."""

from brb_cli.config import load_config, save_config
from brb_cli.errors import NotFound
from brb_cli.options import DEFAULTS, CommonOptions
from brb_cli.output import column, show_list
from brb_cli.terminal import say

COLUMNS = (
    column("Name", "name"),
    column("Current", "current"),
    column("Host", "host"),
    column("Cloud", "cloud"),
    column("User", "user"),
    column("Project", "project"),
    column("Expires", "expires_at"),
)


def list_profiles(*, common: CommonOptions = DEFAULTS) -> None:
    """The profiles of the configuration file, without their tokens."""
    config = load_config()
    documents = [
        {"name": name, "current": name == config.current_profile, **profile.model_dump(exclude={"token"})}
        for name, profile in sorted(config.profiles.items())
    ]
    show_list(common, documents, COLUMNS, name="name")


def use_profile(profile_name: str, /, *, common: CommonOptions = DEFAULTS) -> None:
    """Make a profile the current one.

    Parameters
    ----------
    profile_name
        See `brb profile list`.
    """
    config = load_config()
    if profile_name not in config.profiles:
        raise NotFound(f"There is no profile {profile_name!r}", code="not_found", hint="See `brb profile list`")
    save_config(config.model_copy(update={"current_profile": profile_name}))
    say(f"{profile_name} is the current profile")
