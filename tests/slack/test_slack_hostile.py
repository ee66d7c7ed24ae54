"""Whatever a conversation says, and whoever is called what, nothing of it comes alive in Slack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from slack_house import NOON, an_alert, conversation, put_alert, put_conversations
from slack_people import Someone
from slack_script import Script
from web_double import ALERTS, REVIEW

from bot.slack.check import check
from traces.model import Segment

HOSTILE = {
    "a broadcast": "<!channel> <!here> @everyone <!subteam^S0PEOPLE> @here",
    "a mention": "<@U0BOSS> please pay <#C0ALERTS|general>",
    "a link with another name": "<http://evil.test/x|https://bank.example> [bank](http://evil.test/y)",
    "a bare link": "go to https://evil.test/login?next=%3C!channel%3E now",
    "code fences": "``` ```\n```<!channel>``` `<!here>` ```",
    "text from right to left": "\u202e<!channel>\u202c \u2066@here\u2069 \u061c \u200b \ufeff",
    "entities": "&lt;!channel&gt; &amp;lt;@U0BOSS&amp;gt; &#60;!here&#62;",
    "a date token": "<!date^0^{date}^http://evil.test|now>",
    "formatting": "*bold* _it_ ~no~ :rotating_light: >quote\n>>> more",
    "nothing to see": "\u200b\u2060\ufeff\u00ad",
    "control characters": "a\x00b\x1b[31mred\x07\x08\r\nX: y",
    "two megabytes": "<!channel> " * 190_000,
    "one long word": "W" * 300_000,
    "piled marks": "Z" + "\u0335" * 50_000,
    "families": "👨‍👩‍👧‍👦" * 20_000,
    "JSON": '{"type": "section", "text": {"type": "mrkdwn", "text": "<!channel>"}}',
}
_OWN_TOKEN = re.compile(
    r"<!date\^\d+\^\{(?:date_short_pretty\} \{time|time|time_secs|date_short_pretty|date_short)\}\|[^<>|]*>"
)
_CODE = re.compile(r"`[^`\n]*`")
_INTERPRETED = {"mrkdwn"}


def _strings(shown: Any, path: tuple[str, ...] = (), kind: str = "") -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Every text with its path and the type of the object that holds it."""
    if isinstance(shown, Mapping):
        for key, value in shown.items():
            yield from _strings(value, (*path, key), str(shown.get("type", "")))
    elif isinstance(shown, list | tuple):
        for value in shown:
            yield from _strings(value, path, kind)
    elif isinstance(shown, str):
        yield path, kind, shown


def _all_verbatim(shown: Any) -> bool:
    if isinstance(shown, Mapping):
        is_safe = shown.get("type") != "mrkdwn" or shown.get("verbatim") is True
        return is_safe and all(map(_all_verbatim, shown.values()))
    return all(map(_all_verbatim, shown)) if isinstance(shown, list | tuple) else True


def _assert_inert(payload: Mapping[str, Any]) -> None:
    for path, kind, text in _strings(payload):
        is_interpreted = kind in _INTERPRETED or path in {("text",), ("title",)}
        rest = _OWN_TOKEN.sub("", text) if is_interpreted else text
        if is_interpreted:
            assert "<" not in rest, (path, text[:300])
            # In code, with verbatim set, Slack looks for no addresses.
            assert "://" not in _CODE.sub("", rest), (path, text[:300])
        assert not re.search(r"<[!@#]|<https?:", rest), (path, text[:300])
        assert not re.search(r"@(channel|here|everyone)", rest, re.IGNORECASE), (path, text[:300])
        assert not re.search(r"[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\x00-\x08\x1b]", rest), (path, text[:300])
    assert _all_verbatim(payload)
    for path, kind, _ in _strings(payload):
        assert kind not in {"link", "user", "usergroup", "broadcast", "channel", "markdown"}, path
    for name in ("link_names", "parse", "mrkdwn_text", "markdown_text"):
        assert name not in payload


def _ours(payload: Mapping[str, Any]) -> dict[str, Any]:
    outside = {"channel", "ts", "thread_ts", "unfurl_links", "unfurl_media", "response_type", "replace_original"}
    return {key: value for key, value in payload.items() if key not in outside}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_stays_text_all_the_way_into_slack(hark, name):
    words = HOSTILE[name]
    line = words[:200].replace("\n", " ")
    sent = conversation("c-1", NOON, said=f"I cannot help with that. {words}", model=line, scenario=line)
    sent["messages"][0] |= {"content": words}
    sent["messages"] += [
        {"role": "assistant", "tool_calls": [{"id": "t", "function": {"name": line, "arguments": words}}]},
        {"role": "tool", "name": line, "tool_call_id": "t", "content": words, "error": words[:5_000]},
    ]
    put_conversations(hark.store, [sent])
    change = {"kind": line, "value": line, "at": NOON.isoformat()}
    detail = {"series": [""], "attribution": {"key": "model", "value": line, "share": 0.7}, "change": change}
    put_alert(hark.store, an_alert(segment=Segment.of(model=line), examples=("c-1",), detail=detail))
    who = Someone("U0MIA", words[:60] or "mia")
    script = Script(hark.slack, hark.send, meanwhile=hark.deliver)
    hark.deliver()
    root = hark.slack.roots(ALERTS)[0]["ts"]
    example = hark.slack.thread(ALERTS, root)[0]["ts"]
    hark.do(script.hands.press(ALERTS, root, "alert_acknowledge", who))
    hark.do(script.hands.press(ALERTS, root, "alert_conversations", who))
    hark.do(script.hands.press(ALERTS, example, "label_more", who))
    view_id = script.filled_view()
    assert view_id is not None
    hark.do(script.hands.submit(view_id, {"verdict": "yes", "note": words[:1_000]}, who))
    for asked in (words[:1_000], f"metrics {line}", f"metrics volume where model={line}", "alerts"):
        hark.do(script.hands.command(asked, who))
    payloads = hark.slack.payloads()
    assert len(payloads) >= 10
    for surface, payload in payloads:
        assert check(_ours(payload), surface) == []
        _assert_inert(payload)


def test_a_hostile_conversation_comes_in_over_http_and_reaches_the_review_channel_inert(hark):
    url = hark.endpoint.replace("/slack/events", "/v1/conversations")
    sent = [
        conversation(f"h-{number}", NOON, said=f"I'm sorry, but I can't help with that. {words[:3_000]}")
        for number, words in enumerate(HOSTILE.values())
    ]
    answer = httpx.post(url, json=sent, trust_env=False, timeout=20)
    assert answer.json() == {"new": len(sent), "updated": 0, "unchanged": 0}
    hark.clock.advance(timedelta(minutes=20))
    hark.hark.jobs.tick(hark.clock.now())
    assert len(hark.slack.roots(REVIEW)) > 1
    for surface, payload in hark.slack.payloads():
        assert check(_ours(payload), surface) == []
        _assert_inert(payload)
