"""Pages in a real browser: from nothing to a decision by keyboard, and nobody else is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from covergraph.namespaces import REQUESTS
from tests.api.browser import Tab, tab
from tests.api.conftest import EXAMPLES

OPENED = (
    "/",
    "/?q=nerve+burn",
    "/coverage?code=64635&date=2024-06-10&payer=nia",
    "/policies/nia/cg-301/2024-01-01",
    "/compare?procedure=facet-joint-denervation&region=lumbar",
    "/requests/new?code=64635",
    "/vocabulary",
    "/nowhere",
)
SHOWN = "document.body.innerText"
DECIDED = [
    ("payer", "centene", " "),
    ("procedure-0-treatsLevel", "L4-L5", " "),
    ("procedure-0-usesTechnique", "ConventionalRadiofrequency", " "),
    ("patient-0-hasDiagnosis", "", "M47.816"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with tab(tmp_path_factory.mktemp("browser")) as found:
        yield found


def at(client: httpx.Client, path: str) -> str:
    return str(client.base_url).rstrip("/") + path


@pytest.mark.parametrize("path", OPENED)
def test_page_asks_no_other_host_and_fits_a_small_screen(
    page: Tab, client: httpx.Client, path: str
) -> None:
    page.asked.clear()
    page.logged.clear()
    size = {"width": 320, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.say("Emulation.setDeviceMetricsOverride", **size)
    page.opened(at(client, path))
    assert page.read("document.documentElement.scrollWidth") <= 320
    page.say("Emulation.clearDeviceMetricsOverride")
    assert page.asked
    # The browser draws its own calendar from a data address.
    ours = (at(client, "/"), "data:")
    assert not [url for url in page.asked if not url.startswith(ours)]
    # What the policy of a page forbids is logged, and so is a script that fails.
    assert not [told for told in page.logged if "404" not in told or path != "/nowhere"]
    assert page.read("getComputedStyle(document.querySelector('h1')).fontFamily").count(",") > 2


def test_request_is_entered_and_decided_by_keyboard(page: Tab, client: httpx.Client) -> None:
    """From the search box to the decision without a mouse, and as the API decides it."""
    page.opened(at(client, "/"))
    page.tab_to("q")
    page.type("64635")
    before = page.loads
    page.press("Enter")
    page.until_loaded(before)
    assert page.read("!!document.querySelector('a[href=\"/coverage?code=64635\"]')")
    page.opened(at(client, "/requests/new"))
    page.tab_to("code")
    page.type("64635")
    before = page.loads
    page.press("Enter")
    page.until_loaded(before)
    page.read("document.querySelector('[name=dateOfService]').value = '2024-06-10'")
    for name, value, typed in DECIDED:
        page.tab_to(name, value)
        page.press(" ") if typed == " " else page.type(typed)
    page.until("document.getElementById('verdicts').innerText.includes('Centene')")
    assert "Needs information" in page.read("document.getElementById('verdicts').innerText")
    before = page.loads
    page.press("Enter")
    page.until_loaded(before)
    assert page.read("location.pathname") == "/decisions"
    assert page.read("location.search") == ""
    body = {
        "id": f"{REQUESTS}form#request",
        "type": "CoverageRequest",
        "dateOfService": "2024-06-10",
        "requestsProcedure": {
            "id": f"{REQUESTS}form#procedure",
            "hasProcedureCode": "64635",
            "treatsLevel": "L4-L5",
            "usesTechnique": "ConventionalRadiofrequency",
        },
        "hasPatient": {"id": f"{REQUESTS}form#patient", "hasDiagnosis": "M47.816"},
    }
    (told,) = client.post("/decisions?payer=centene", json=body).json()
    shown = page.read(SHOWN)
    assert told["decision"] == "needs-information" and "Needs information" in shown
    for criterion in told["deciding"]:
        label = criterion["label"]
        assert label[0].upper() + label[1:] in shown
    assert told["receipt"]["shapes"]["sha256"][:12] in shown


def test_request_is_pasted_and_its_tree_opened(page: Tab, client: httpx.Client) -> None:
    page.opened(at(client, "/requests/new"))
    page.tab_to("request")
    page.type((EXAMPLES / "repeat-neurotomy-too-early.ttl").read_text())
    page.tab_to("payer", "centene")
    page.press(" ")
    before = page.loads
    page.press("Enter")
    page.until_loaded(before)
    assert "Covered from 13 May 2024" in page.read(SHOWN)
    opened = page.read("document.querySelectorAll('.tree details[open]').length")
    assert 0 < opened < page.read("document.querySelectorAll('.tree details').length")
    page.read("document.querySelectorAll('.tree details').forEach(d => d.open = true)")
    assert "Read in the record" in page.read(SHOWN)


def test_planted_script_does_not_run(page: Tab, client: httpx.Client, tmp_path: Path) -> None:
    page.opened(at(client, "/requests/new"))
    planted = "</textarea><script>window.planted = 1</script>"
    page.read(f"document.querySelector('[name=request]').value = {json.dumps(planted)}")
    before = page.loads
    page.read("document.querySelector('[name=request]').form.submit()")
    page.until_loaded(before)
    assert page.read("typeof window.planted") == "undefined"
    assert page.read("document.querySelector('[name=request]').value") == planted
