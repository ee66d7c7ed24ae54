"""``hark demo`` as somebody sees it who runs it: the alert, its thread, a label, a slash command, in a real browser."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from bot.playground.server import PAGE_DIR

CHROMIUM = os.environ.get("HARK_CHROMIUM") or next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
SOON_MS = 90_000
"""Live traffic of hours passes in under a minute; a busy machine gets some more."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine"),
    pytest.mark.skipif(not (PAGE_DIR / "app.js").is_file(), reason="the page is not built: run make setup"),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page of a running demo, which Ctrl-C then ends with success."""
    log = tmp_path_factory.mktemp("demo") / "stderr"
    command = [Path(sys.executable).parent / "hark", "demo", "--playground-port", "0", "--history", "10d"]
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            yield _address(process)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
    assert "Traceback" not in log.read_text()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"Look here\s+(http://127\.0\.0\.1:\d+)", line):
            return found[1]
    pytest.fail("the demo ended before it said where to look")


@pytest.fixture(scope="module")
def page(demo: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1280, "height": 1200})
        shown.goto(demo)
        yield shown
        browser.close()


def test_the_alert_names_the_prompt_version_and_a_label_in_its_thread_shows_at_once(page: Page) -> None:
    headline = page.get_by_text(re.compile(r"🔴.*support-v13")).first
    expect(headline).to_be_visible(timeout=SOON_MS)

    page.get_by_text(re.compile(r"\d+ repl(y|ies)")).first.click()
    # Which answer is the bad news depends on the signal: yes to a refusal, no to "did the user like it".
    bad_news = page.get_by_role("button", name=re.compile(r"👎 (Yes|No)")).first
    expect(bad_news).to_be_visible(timeout=SOON_MS)
    bad_news.click()
    expect(page.get_by_text(re.compile(r"👎 .*: (yes|no).*maya")).first).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name="Undo").first).to_be_visible()


def test_slash_commands_are_answered_in_the_page(page: Page) -> None:
    box = page.get_by_placeholder(re.compile("Message #llm-alerts"))
    box.fill("/hark status")
    box.press("Enter")
    expect(page.get_by_text("Hark is well").first).to_be_visible(timeout=15_000)


def test_the_app_home_serves_questions_and_the_shortcut_the_next_one(page: Page) -> None:
    page.get_by_text("App Home").first.click()
    home = page.get_by_test_id("home")
    expect(home.get_by_text("Your queue")).to_be_visible(timeout=SOON_MS)
    home.get_by_role("button", name=re.compile("👎")).first.click()
    expect(home.get_by_text(re.compile("You said"))).to_be_visible(timeout=15_000)

    page.get_by_text("Open my review queue").first.click()
    window = page.get_by_role("dialog")
    expect(window.get_by_text(re.compile("waiting for you"))).to_be_visible(timeout=15_000)
    before = window.inner_text()
    window.get_by_role("button", name=re.compile("👍")).first.click()
    expect(window.get_by_text(re.compile("You said"))).to_be_visible(timeout=15_000)
    expect(window).not_to_have_text(before)
    page.keyboard.press("Escape")
