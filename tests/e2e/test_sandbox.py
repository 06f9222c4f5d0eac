"""The sandbox itself: its OpenStack does what the platform relies on, and its mirror holds what it lists."""

import sys

from e2e.harness import MIRROR, run


def test_the_cloud_does_what_the_platform_relies_on() -> None:
    ran = run(sys.executable, "sandbox/check")
    assert ran.code == 0, ran.out + ran.err
    assert ran.out.endswith("passed: nothing is left\n")


def test_the_mirror_holds_what_it_promises() -> None:
    ran = run("sandbox/mirror/check", MIRROR.removeprefix("http://"))
    assert ran.code == 0, ran.out + ran.err
