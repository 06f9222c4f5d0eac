"""The hub and the gateway with a thousand clusters on a fake cloud and fake machines. See bench/README.md."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests"))  # the fakes
