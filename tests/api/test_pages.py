"""The pages come from the package, ask nothing of anybody else, and have every word they use."""

import json
import re

import pytest

from api.ui import ASSETS

SCRIPTS = sorted(ASSETS.rglob("*.js"))
TEXTS = [*SCRIPTS, *sorted(ASSETS.rglob("*.css")), *sorted(ASSETS.glob("*.html"))]


def read_words():
    """The dictionary of each language: key -> text."""
    text = (ASSETS / "js" / "words.js").read_text(encoding="utf-8")
    zh, en = re.search(r'"zh-TW": \{(.*?)\n  \},\n  en: \{(.*?)\n  \},', text, re.DOTALL).groups()
    pair = re.compile(r'(\w+): ("(?:[^"\\]|\\.)*")')
    return [{key: json.loads(value) for key, value in pair.findall(part)} for part in (zh, en)]


@pytest.mark.parametrize("path", ["/", "/signals"])
def test_pages_have_a_strict_policy(client, path):
    """Only our own scripts and styles run, and nobody may frame the page."""
    reply = client.get(path)
    policy = reply.headers["content-security-policy"]
    assert reply.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/signals"])
def test_everything_a_page_names_is_served(client, path):
    """Each script, style and picture of a page exists with the right type."""
    page = client.get(path).text
    assets = re.findall(r'(?:src|href)="(/ui/[^"]+)"', page)
    assert assets
    for asset in assets:
        reply = client.get(asset)
        assert reply.status_code == 200, asset
        if asset.endswith(".js"):
            assert "javascript" in reply.headers["content-type"]


@pytest.mark.parametrize("path", ["/ui/__init__.py", "/ui/js/../../app.py", "/ui/js/%2e%2e/%2e%2e/app.py", "/ui/"])
def test_only_assets_are_served(client, path):
    """Nothing but scripts, styles and the icon comes out of the package."""
    assert client.get(path).status_code == 404


def test_assets_are_checked_each_time(client):
    """A browser asks whether its copy is the newest, and gets an empty 304 when it is."""
    first = client.get("/ui/js/dom.js")
    assert first.headers["cache-control"] == "no-cache"
    assert client.get("/ui/js/dom.js", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_every_import_leads_to_a_file():
    """Each ES module's imports exist."""
    for script in SCRIPTS:
        for target in re.findall(r'from "(\.[^"]+)"', script.read_text(encoding="utf-8")):
            assert (script.parent / target).resolve().is_file(), f"{script.name} imports {target}"


def test_nothing_is_fetched_from_elsewhere():
    """No asset names another host (the SVG namespace is a name, not an address)."""
    for path in TEXTS:
        found = re.findall(r"https?://(?!www\.w3\.org/2000/svg)[^\s\"')]+", path.read_text(encoding="utf-8"))
        assert not found, f"{path.name}: {found}"


def test_no_inline_script_or_style():
    """The policy forbids them, so that a page must not have any."""
    for page in ASSETS.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", text), page.name


def test_scripts_stay_readable():
    """No module has 300 lines."""
    for script in SCRIPTS:
        assert len(script.read_text(encoding="utf-8").splitlines()) < 300, script.name


def test_text_is_never_set_as_markup():
    """Names come from feeds: no module writes HTML from text."""
    for script in SCRIPTS:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script.read_text(encoding="utf-8")
        ), script.name


def test_both_languages_have_the_same_words():
    """What is said in one language is said in the other, with the same values filled in."""
    zh, en = read_words()
    plural = {key for key in en if key.endswith("One") and key.removesuffix("One") in en}
    assert set(zh) == set(en) - plural
    for key, text in zh.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", en[key])), key


def test_every_word_asked_for_exists():
    """Each `word("key")` and each marked element has its word."""
    zh, _ = read_words()
    used = set()
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'\bword\("(\w+)"', text))
        used |= set(re.findall(r'data-word(?:-\w+)?="(\w+)"', text))
    assert used <= set(zh), used - set(zh)


def test_no_word_is_left_over():
    """Every word is used: by its key, or built from a controller's name."""
    zh, _ = read_words()
    text = "".join(path.read_text(encoding="utf-8") for path in TEXTS if path.name != "words.js")
    unused = {key for key in zh if not re.search(rf"\b{key.removesuffix('About')}\b", text)}
    assert not unused
