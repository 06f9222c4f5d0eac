"""`brb certificate`."""

from fakes.scripted_clusters import new_cluster
from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb

NAME = "demo.198.51.100.7.web.example.org"


def test_a_certificate_is_made_shown_listed_and_deleted(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.clusters["c-0000000001"] = new_cluster("mine", "c-0000000001", {}, None)
    assert brb("certificate", "create", "mine", "198.51.100.7", "-o", "name").stdout == f"{NAME}\n"
    asked = {"cluster_id": "c-0000000001", "address": "198.51.100.7", "retry": False}
    assert gateway.requests("POST", "/v1/certificates")[0].body == asked
    assert brb("certificate", "list", "-o", "value", "-c", "state").stdout == "issuing\n"
    assert "Ready: False, Validating. It is looked at" in brb("certificate", "show", f"*.{NAME}").stdout
    assert brb("certificate", "show", "crt-0000000001", "-o", "json").json["metadata"]["name"] == NAME
    assert brb("certificate", "delete", NAME).exit_code == 1
    assert brb("certificate", "delete", NAME, "--yes").exit_code == 0
    assert gateway.certificates == []


def test_a_list_is_narrowed_to_a_cluster_by_its_name(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.clusters["c-0000000001"] = new_cluster("mine", "c-0000000001", {}, None)
    assert brb("certificate", "list", "--cluster", "mine").exit_code == 0
    assert gateway.requests("GET", "/v1/certificates")[0].query["cluster_id"] == ["c-0000000001"]


def test_a_certificate_that_is_not_there_is_said(brb: Brb) -> None:
    result = brb("certificate", "show", NAME)
    assert result.exit_code == 3
    assert "brb certificate list" in result.stderr
