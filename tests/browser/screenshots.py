"""Takes the README's pictures from a running demo: ``make screenshots``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

IMAGES = Path(__file__).parents[2] / "docs" / "images"
_SOON_MS = 120_000
_WIDE = {"width": 1180, "height": 1500}


def main() -> int:
    """Start a demo, wait for its alert, and take one picture of each surface."""
    browser_path = next((f for n in ("chromium", "chromium-browser", "google-chrome") if (f := shutil.which(n))), None)
    if browser_path is None:
        print("no chromium on this machine", file=sys.stderr)
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    command = [Path(sys.executable).parent / "hark", "demo", "--playground-port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        address = _address(process)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
            page = browser.new_page(viewport=_WIDE, device_scale_factor=2, color_scheme="light")
            page.goto(address)
            _take(page)
            browser.close()
    finally:
        process.terminate()
        process.wait(timeout=30)
    return 0


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"Look here\s+(http://127\.0\.0\.1:\d+)", line):
            return found[1]
    raise SystemExit("the demo ended before it said where to look")


def _take(page: Page) -> None:
    alert = page.locator("[data-testid^='message-']", has_text=re.compile(r"🔴.*support-v13")).first
    expect(alert).to_be_visible(timeout=_SOON_MS)
    # The chart and the explanation settle with the next hour of the demo.
    page.wait_for_timeout(8_000)
    _shot(alert, "alert")
    _ask(page, "/hark metrics refusal 7d by prompt_version")
    answer = page.locator("[data-testid^='message-']", has_text=re.compile("Refusal", re.IGNORECASE)).last
    _shot(answer, "metrics")
    page.get_by_test_id("channel-C0REVIEW").click()
    card = page.locator("[data-testid^='message-']", has=page.get_by_role("button", name=re.compile("👎|👍"))).last
    expect(card).to_be_visible(timeout=_SOON_MS)
    _shot(card, "review")
    page.get_by_test_id("channel-home").click()
    page.wait_for_timeout(2_000)
    _shot(page.get_by_test_id("home"), "home")


def _ask(page: Page, command: str) -> None:
    box = page.get_by_test_id("slash-input")
    box.fill(command)
    box.press("Enter")
    page.wait_for_timeout(2_000)


def _shot(what, name: str) -> None:
    what.scroll_into_view_if_needed()
    what.screenshot(path=IMAGES / f"{name}.png")
    print(IMAGES / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
