"""The platform on the sandbox is up (`make e2e` sees to it); each test signs in and leaves nothing behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.harness import REPOSITORY, Brb, compose, listing, run

LOGS = REPOSITORY / "artifacts" / "e2e"


@pytest.fixture
def brb(tmp_path: Path) -> Brb:
    return Brb(tmp_path / "demo", "demo")


@pytest.fixture
def cluster(brb: Brb, request: pytest.FixtureRequest) -> Iterator[str]:
    """A cluster name of this test's own; after the test it is deleted and the project is as empty as before."""
    before = listing("demo")
    name = request.node.name.replace("test_", "").replace("_", "-")[:20].strip("-")
    yield name
    brb.delete_if_there(name)
    assert listing("demo") == before, "the cloud is not as it was before"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """On failure keep what explains it: the services' logs and the sandbox's."""
    report = yield
    if report.failed:  # type: ignore[attr-defined]
        keep_logs(item.name)
    return report


def keep_logs(name: str) -> None:
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / f"{name}.platform.log").write_text(compose("logs", "--no-color", "--tail", "2000").out)
    (LOGS / f"{name}.containers.txt").write_text(compose("ps", "--all").out)
    sandbox = run("docker", "logs", "--tail", "1000", "brb-sandbox-openstack")
    (LOGS / f"{name}.sandbox.log").write_text(sandbox.out + sandbox.err)
