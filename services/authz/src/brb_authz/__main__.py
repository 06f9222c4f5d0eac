"""`python -m brb_authz migrate | serve | work | roles`."""

import sys

from brb_authz.app import build_app, load_settings, migrate, work
from brb_shared.access.document import render_roles
from brb_shared.process import Process

if __name__ == "__main__":
    sys.exit(Process("brb_authz", load_settings, migrate, build_app, work, {"roles": render_roles}).main())
