"""Every setting of authz; read once in `app.py` and passed down."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from brb_shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """An empty variable counts as none, so that a compose file may pass on what is not set."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    port: int = Field(default=8004, description="TCP port the HTTP API listens on")
    platform_admins: tuple[str, ...] = Field(
        default=(),
        description="JSON list of `user:<id>` and `group:<id>` who are platform administrators from the start. Bound "
        "at migrate; who is taken off the list later keeps the binding until it is deleted",
    )
    change_history_hours: int = Field(
        default=24, ge=1, description="Hours of changes kept, for processes to catch up without loading all"
    )
    idempotency_hours: float = Field(default=24.0, gt=0, description="Hours an Idempotency-Key is remembered")
    min_revision_wait_seconds: float = Field(
        default=2.0, description="Seconds a review waits for `min_revision` before it answers 503"
    )
    materialisation_wait_seconds: float = Field(
        default=10.0, description="Seconds a kubeconfig waits for its access to stand in the cluster"
    )
    audit_retention_days: int = Field(
        default=400, ge=0, description="Days an audit entry is kept; 0: for ever. At least a year is usual"
    )
    public_url: str = Field(
        default="http://127.0.0.1:8004", description="Where AuthZEN's metadata says that this service answers"
    )
    concurrency: int = Field(default=16, description="Passes of the work loop at once")
