"""The short-lived SSH user certificates that the installer issues itself.

The machines trust the platform's user CA and let the principal `brb:<cluster id>` in as the user `brb`: a certificate
for one cluster opens no other cluster's machines.
"""

from pathlib import Path

import asyncssh

from brb_shared.contracts.ids import ClusterId

_VALID_FOR = "+10m"
_CLOCK_SKEW = "-5m"


class UserCertificates:
    def __init__(self, ca_key: asyncssh.SSHKey) -> None:
        self._ca_key = ca_key
        self._user_key = asyncssh.generate_private_key("ssh-ed25519")

    @classmethod
    def load(cls, path: Path) -> "UserCertificates":
        """Raises ValueError that names the file."""
        try:
            return cls(asyncssh.read_private_key(str(path)))
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise ValueError(f"{path} is not an SSH private key without a passphrase") from error

    def issue(self, cluster_id: ClusterId) -> tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]:
        certificate = self._ca_key.generate_user_certificate(
            self._user_key,
            key_id=f"brb-installer {cluster_id}",
            principals=[f"brb:{cluster_id}"],
            valid_after=_CLOCK_SKEW,
            valid_before=_VALID_FOR,
            permit_x11_forwarding=False,
            permit_agent_forwarding=False,
            permit_pty=False,
            permit_user_rc=False,
        )
        return self._user_key, certificate
