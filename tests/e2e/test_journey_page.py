"""A person plans journeys in the browser, with mouse, keyboard, phone, in Chinese and in English."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
TRIP = "/?from=KRTC-R10&to=KLRT-C5&when=depart&time=2026-11-24T08:00"


def choose(page, field, text, name):
    """Type and take the suggestion of that name."""
    page.locator(field).click()
    page.locator(field).press_sequentially(text, delay=15)
    page.locator(f"{field}-list [role=option]", has_text=name).first.click()


def test_formosa_boulevard_to_dream_mall(open_page):
    """Typed 美麗島 and 夢時代 give metro and light rail, with times, and the journey is on the map."""
    page = open_page("/")
    page.get_by_text("出發", exact=True).click()
    page.locator("#time").fill("2026-11-24T08:00")
    choose(page, "#from", "美麗島", "美麗島")
    choose(page, "#to", "夢時代", "夢時代")
    chosen = page.locator(".journey.chosen")
    chosen.wait_for()
    chips = chosen.locator(".chips").inner_text()
    assert "紅線" in chips
    assert "輕軌" in chips
    start, end = re.search(r"(\d\d:\d\d) – (\d\d:\d\d)", chosen.locator(".journey-times").inner_text()).groups()
    assert "08:00" <= start < end <= "09:30"
    legs = chosen.locator(".leg-row.ride")
    assert legs.count() == 2
    assert chosen.locator(".stop-row .at").all_inner_texts()[0] == start
    assert "美麗島" in chosen.locator(".stop-row").first.inner_text()
    assert "夢時代" in chosen.locator(".stop-row").last.inner_text()
    assert "個行程" in page.locator("#status").inner_text()
    assert "沒有即時資訊" in page.locator(".honest").inner_text()


def test_a_link_holds_the_whole_question(open_page):
    """The address of an answer gives the same answer in another browser, also the chosen journey."""
    page = open_page(TRIP)
    page.locator(".journey-head").nth(1).click()
    times = page.locator(".journey.chosen .journey-times").inner_text()
    path = page.evaluate("location.pathname + location.search")
    assert "chosen=1" in path
    again = open_page(path)
    assert again.locator(".journey.chosen .journey-times").inner_text() == times
    assert again.locator("#from").input_value() == "美麗島"


def test_english_names_and_words(open_page):
    """One button turns words and names into English; the choice is in the address."""
    page = open_page(TRIP)
    page.locator("#language").click()
    page.locator(".journey.chosen", has_text="Formosa Boulevard").wait_for()
    assert page.locator("#go").inner_text() == "Search"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("#to").input_value() == "Dream Mall"
    chosen = page.locator(".journey.chosen").inner_text()
    assert "Red Line" in chosen
    assert "Circular Light Rail" in chosen
    assert "direction Siaogang" in chosen
    assert "clockwise" in chosen.lower()
    assert not re.search(r"[\u4e00-\u9fff]", chosen)
    assert "lang=en" in page.url


def test_english_search(open_page):
    """A visitor finds stops by their English names."""
    page = open_page("/", locale="en-GB")
    choose(page, "#from", "formosa", "Formosa Boulevard")
    choose(page, "#to", "dream", "Dream Mall")
    page.locator(".journey, #status:has-text('No journey')").first.wait_for()


def test_the_keyboard_alone(open_page):
    """Without a mouse: type, choose a suggestion with arrows, search with Enter, open a journey."""
    page = open_page("/?when=depart&time=2026-11-24T08:00")
    page.locator("#from").focus()
    page.keyboard.type("R10")
    page.locator("#from-list [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert page.locator("#from").get_attribute("aria-activedescendant") == "from-list-0"
    page.keyboard.press("Enter")
    assert page.locator("#to").evaluate("node => node === document.activeElement")
    page.keyboard.type("夢時代")
    page.keyboard.press("Enter")
    page.locator(".journey.chosen").wait_for()
    second = page.locator(".journey-head").nth(1)
    second.focus()
    page.keyboard.press("Enter")
    page.locator(".journey").nth(1).locator(".legs").wait_for()
    assert page.locator(".journey-head").nth(1).get_attribute("aria-expanded") == "true"


def test_swap_turns_the_journey_round(open_page):
    """Swapping asks for the way back at once."""
    page = open_page(TRIP)
    page.locator("#swap").click()
    expect(page.locator(".journey.chosen .stop-row").first).to_contain_text("夢時代")
    assert page.locator("#from").input_value() == "夢時代"


def test_the_map_moves_and_offers_places(open_page):
    """The map is drawn in many colours, zooms by key and wheel, and a tap offers from and to."""
    page = open_page("/")
    colours = page.evaluate(
        """() => { const c = document.getElementById('map'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
           const seen = new Set(); for (let i = 0; i < d.length; i += 16) seen.add(d[i] << 16 | d[i+1] << 8 | d[i+2]); return seen.size; }"""
    )
    assert colours > 20
    before = page.locator("#scale").inner_text()
    canvas = page.locator("#map")
    canvas.focus()
    for _ in range(4):
        page.keyboard.press("+")
    expect(page.locator("#scale")).not_to_have_text(before)
    canvas.click(position={"x": 300, "y": 300})
    page.locator("#spot button").first.click()
    assert page.locator("#from").input_value() != ""
    assert page.locator("#spot").is_hidden()


def test_an_unknown_place_is_told(open_page):
    """A name that no stop has gives one clear sentence, not an empty page."""
    page = open_page("/", expected="status of 404")
    page.locator("#from").fill("Atlantis")
    page.locator("#to").fill("夢時代")
    with page.expect_response(lambda reply: "/plan" in reply.url and reply.status == 404):
        page.locator("#go").click()
    page.locator(".problem", has_text="找不到「Atlantis」").wait_for()
    assert page.locator("#from").get_attribute("aria-invalid") == "true"


def test_what_is_estimated_is_told_in_chinese(open_page):
    """A Chinese reader finds no English sentence under the times, nor beside a leg."""
    page = open_page(TRIP)
    page.locator(".notices summary").click()
    told = [*page.locator(".notices li").all_inner_texts(), *page.locator(".journey.chosen .why").all_inner_texts()]
    assert any("步行" in text for text in told)
    assert any("2019" in text for text in told)
    assert not [text for text in told if re.search(r"[A-Za-z]{3}", text)]


def test_a_phone_has_no_sideways_scrolling(open_page):
    """On 360 pixels everything fits, in both languages."""
    for lang in ("zh-TW", "en"):
        page = open_page(f"{TRIP}&lang={lang}", viewport={"width": 360, "height": 740})
        page.locator(".journey.chosen").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_names_for_screen_readers(open_page):
    """Every button and field has a name, the results are announced, headings and landmarks are there."""
    page = open_page(TRIP)
    page.locator(".journey.chosen").wait_for()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, canvas, a')].filter(node => {
             const label = node.labels?.length ? node.labels[0].innerText : '';
             return !(node.getAttribute('aria-label') || node.innerText || label).trim(); }).map(node => node.outerHTML)"""
    )
    assert nameless == []
    assert page.locator("[role=status][aria-live=polite]").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
