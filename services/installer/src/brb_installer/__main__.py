"""`python -m brb_installer migrate | serve | work`."""

import sys

from brb_installer.app import build_app, load_settings, migrate, work
from brb_shared.process import Process

if __name__ == "__main__":
    sys.exit(Process("brb_installer", load_settings, migrate, build_app, work).main())
