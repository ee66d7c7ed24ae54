"""The pages that people see who install Hark: plain, without scripts, and with nothing in them that was not escaped."""

from __future__ import annotations

import re
from html import escape
from typing import Final

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""What goes with each: no page tells where its reader came from, for that address holds the code of an installation."""

_ID: Final = re.compile(r"[A-Z][A-Z0-9]{1,30}", re.ASCII)
_NAME_AT_MOST: Final = 80
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;color:#1d1c1d;background:#fff}"
    "h1{font-size:1.5rem}code{background:#f2f2f2;padding:.1em .3em;border-radius:4px}"
    "a.do{display:inline-block;background:#1f2a44;color:#fff;padding:.6em 1.2em;border-radius:6px;text-decoration:none}"
    "a.do:focus-visible{outline:3px solid #1264a3;outline-offset:2px}"
    "@media(prefers-color-scheme:dark){body{color:#e8e8e8;background:#1a1d21}code{background:#2c2f33}"
    "a.do{background:#4a5f94}a{color:#7db4ff}a.do{color:#fff}}"
)


def install_page(url: str) -> str:
    """The page on which an installation begins; ``url`` is Slack's, with the key of this browser."""
    return _page(
        "Add Hark to Slack",
        "<p>Hark watches LLM applications, alerts in Slack, and asks people about the conversations that matter. "
        "It posts where you invite it, and reads no messages.</p>"
        f'<p><a class="do" href="{escape(url)}">Add to Slack</a></p>',
    )


def success_page(team_name: str, team_id: str, app_id: str) -> str:
    """The page of an installation that is done."""
    where = f" in {escape(team_name[:_NAME_AT_MOST])}" if team_name else ""
    back = ""
    if _ID.fullmatch(team_id) and _ID.fullmatch(app_id):
        back = f'<p><a class="do" href="slack://app?team={team_id}&amp;id={app_id}&amp;tab=home">Open Hark in Slack</a></p>'
    key = f"hark keys create NAME --workspace {team_id}" if _ID.fullmatch(team_id) else "hark keys create NAME"
    return _page(
        "Hark is installed",
        f"<p>Hark is installed{where}. Two things are left:</p>"
        "<ol><li>Choose the channels for alerts and reviews: on Hark&rsquo;s Home in Slack, or with "
        "<code>/hark setup</code>.</li>"
        f"<li>Let your application send its traces with a key: <code>{key}</code>, run by who runs this Hark.</li></ol>"
        f"{back}",
    )


def failure_page(reason: str) -> str:
    """The page of an installation that came to nothing; ``reason`` is one sentence or two."""
    return _page(
        "Hark was not installed",
        f'<p>{escape(reason)}</p><p><a class="do" href="/slack/install">Begin again</a></p>',
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    )
