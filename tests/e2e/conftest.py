"""The real server in a process of its own, and a real browser."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


def find_browser():
    """The path of a browser of this machine, or None."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def start_server(log):
    """`changtong serve` on a free port: the process and its address."""
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0"]
    environment = {**os.environ, "REDIS_URL": "", "CHANGTONG_CITY": "kaohsiung", "COLUMNS": "200"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    greeting = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", greeting)
    if not found:
        process.kill()
        message = f"the server said {greeting!r} instead of its address"
        raise RuntimeError(message)
    return process, found[0]


def stop_server(process):
    """End it as Ctrl-C does."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """The address of a server that serves Kaohsiung."""
    log_path = tmp_path_factory.mktemp("server") / "stderr.txt"
    with log_path.open("w") as log:
        process, url = start_server(log)
        with urllib.request.urlopen(f"{url}/api/v1/health", timeout=10) as reply:
            assert reply.status == 200
        yield url
        stop_server(process)
    assert "Traceback" not in log_path.read_text()


@pytest.fixture(
    scope="module"
)  # its event loop runs as long as it is open, and nothing else in the process may have one
def browser():
    """Chromium without a window."""
    executable = find_browser()
    if not executable:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield chromium
        chromium.close()


def is_complaint(message, expected):
    """An error or warning of the browser, other than the one that the test provokes."""
    return message.type in {"error", "warning"} and expected not in message.text


@pytest.fixture
def open_page(browser, address):
    """Open a path of the site in a fresh context; at the end no page may have complained."""
    contexts, complaints = [], []

    def open_path(path, locale="zh-TW", expected="nothing", **options):
        context = browser.new_context(locale=locale, **{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: is_complaint(message, expected) and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: request.url.startswith((address, "data:")) or complaints.append(f"asked {request.url}"),
        )
        page.goto(f"{address}{path}")
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_path
    for context in contexts:
        context.close()
    assert complaints == []
