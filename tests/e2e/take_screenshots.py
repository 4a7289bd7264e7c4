"""Writes pictures of the pages for the README: `python tests/e2e/take_screenshots.py FOLDER [--evaluate]`.

`--evaluate` first runs fixed, actuated and adaptive on the corridor, which takes a few minutes.
"""

import json
import sys
import time
import urllib.request
from pathlib import Path

from conftest import ARGUMENTS, find_browser, start_server, stop_server
from playwright.sync_api import sync_playwright

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
JOURNEY = "/?from=KRTC-R10&to=KLRT-C5&when=depart&time=2026-11-24T08:00"
ORDER = {"scenario": "corridor", "controllers": ["fixed", "actuated", "adaptive"], "seeds": [1, 2, 3]}


def run_evaluation(address: str) -> str:
    """Order the evaluation of the picture and wait for it; the path of its page."""
    url = f"{address}/api/v1/signals/evaluations"
    order = urllib.request.Request(url, json.dumps(ORDER).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(order) as reply:
        evaluation_id = json.load(reply)["id"]
    while True:
        with urllib.request.urlopen(f"{url}/{evaluation_id}") as reply:
            if json.load(reply)["state"] in {"done", "failed"}:
                return f"/signals?evaluation={evaluation_id}"
        time.sleep(2)


def main(folder: Path, *, evaluate: bool) -> None:
    """Take every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    process, address = start_server(sys.stderr)
    try:
        signals = run_evaluation(address) if evaluate else "/signals"
        pictures = [
            ("start-zh", "/", "zh-TW", "light", DESKTOP),
            ("journey-zh", JOURNEY, "zh-TW", "light", DESKTOP),
            ("journey-en-dark", JOURNEY, "en-GB", "dark", DESKTOP),
            ("journey-phone-zh", JOURNEY, "zh-TW", "light", PHONE),
            ("journey-phone-en-dark", JOURNEY, "en-GB", "dark", PHONE),
            ("signals-zh", signals, "zh-TW", "light", DESKTOP),
            ("signals-en", signals, "en-GB", "light", DESKTOP),
            ("signals-en-dark", signals, "en-GB", "dark", DESKTOP),
            ("signals-phone-zh", signals, "zh-TW", "light", PHONE),
        ]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
            for name, path, locale, scheme, device in pictures:
                context = browser.new_context(locale=locale, color_scheme=scheme, **device)
                page = context.new_page()
                page.goto(address + path)
                page.wait_for_selector("body[data-ready]")
                page.wait_for_timeout(500)
                page.screenshot(path=folder / f"{name}.png", full_page="signals" in name)
                context.close()
            browser.close()
    finally:
        stop_server(process)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), evaluate="--evaluate" in sys.argv)
