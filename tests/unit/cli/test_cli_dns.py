"""`brb dns`: records, the zone, keys."""

from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb

HOST = "shop.apps.web.example.org"


def test_a_record_is_made_listed_shown_and_deleted(brb: Brb, gateway: ScriptedGateway) -> None:
    made = brb("dns", "create", HOST, "CNAME", "shop.example.org.", "--ttl", "60", "-o", "name").stdout.strip()
    assert gateway.requests("POST")[0].body == {
        "name": HOST,
        "type": "CNAME",
        "value": "shop.example.org.",
        "ttl_seconds": 60,
        "cluster_id": None,
        "replace": False,
    }
    assert brb("dns", "list", "--name", HOST, "-o", "name").stdout == f"{made}\n"
    assert brb("dns", "list", "--name", "other.apps.web.example.org", "-o", "name").stdout == ""
    assert HOST in brb("dns", "show", made).stdout
    assert "shop.example.org." in brb("dns", "show", HOST.upper() + ".").stdout
    assert brb("dns", "delete", HOST, "--yes").exit_code == 0
    assert gateway.dns_records == []
    assert brb("dns", "delete", HOST, "--yes").exit_code == 3


def test_a_name_with_several_records_is_not_guessed_at(brb: Brb, gateway: ScriptedGateway) -> None:
    for value in ("one", "two"):
        brb("dns", "create", HOST, "TXT", value)
    refused = brb("dns", "delete", HOST, "--yes")
    assert refused.exit_code == 1
    assert "rr-0000000001 (TXT two)" in refused.stderr
    assert len(gateway.dns_records) == 2


def test_the_zone_says_what_leads_where(brb: Brb) -> None:
    assert "<app>.<project>.<ip>.web.example.org" in brb("dns", "zone").stdout
    assert brb("dns", "zone", "-o", "name").stdout == "web.example.org\n"


def test_a_keys_secret_is_shown_once(brb: Brb, gateway: ScriptedGateway) -> None:
    made = brb("dns", "key", "create", HOST, "--type", "TXT", "--type", "A", "--description", "lego")
    assert "c2VjcmV0" in made.stdout
    assert gateway.requests("POST")[0].body == {
        "names": [HOST],
        "types": ["TXT", "A"],
        "may_transfer": False,
        "description": "lego",
    }
    listed = brb("dns", "key", "list")
    assert "dk-0123456789" in listed.stdout
    assert "c2VjcmV0" not in listed.stdout
    assert brb("dns", "key", "delete", "dk-0123456789", "--yes").exit_code == 0
    assert gateway.dns_keys == []
