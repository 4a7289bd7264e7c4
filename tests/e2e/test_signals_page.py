"""The bureau runs a before-and-after in the browser and reads the result."""

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.sumo, pytest.mark.timeout(300)]


def test_before_and_after_to_the_end(open_page):
    """A short evaluation shows progress and live figures, and ends in a table with the change in percent."""
    page = open_page("/signals")
    page.locator("#scenario").select_option("isolated")
    for name, wanted in {"fixed": True, "actuated": True, "max_pressure": False, "adaptive": False}.items():
        page.locator(f"input[value={name}]").set_checked(wanted)
    page.locator("#run").click()
    page.locator("#run-fixed").wait_for()
    page.locator("#run-fixed dd small").first.wait_for(timeout=60_000)
    page.wait_for_selector("body[data-state=done]", timeout=200_000)
    assert page.locator("#run-actuated progress").evaluate("node => node.value") == 1
    row = page.locator("tbody tr").first
    fixed, actuated = [float(cell.split()[0]) for cell in row.locator("td").all_inner_texts()]
    assert fixed > 0
    assert actuated > 0
    assert re.search(r"[+−]\d", row.locator("td").nth(1).inner_text())
    assert page.locator(".chart svg").count() == 4
    assert page.locator(".headline").inner_text()
    assert "isolated" in page.locator("#history").inner_text()
    path = page.evaluate("location.pathname + location.search")
    again = open_page(path, locale="en-GB")
    again.wait_for_selector("body[data-state=done]")
    assert again.locator("tbody tr").count() == page.locator("tbody tr").count()


def test_nothing_chosen_is_told(open_page):
    """An order without a controller is asked for one, and nothing runs."""
    page = open_page("/signals", viewport={"width": 360, "height": 740})
    for box in page.locator("input[name=controller]").all():
        box.uncheck()
    page.locator("#run").click()
    assert page.locator("#status").inner_text() == "請至少選一個控制器。"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
