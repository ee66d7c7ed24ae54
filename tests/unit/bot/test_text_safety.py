import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.limits import length
from bot.slack.text import (
    clean,
    code,
    escape,
    link,
    one_line,
    plain,
    preformatted,
    quote,
    slack_date,
    truncate,
    unescape,
    utc_text,
)
from traces.errors import BadInput

LIVE = re.compile(r"<(?:[!@#]|[A-Za-z][A-Za-z0-9+.\-]*:)")
HOSTILE = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            [
                *(
                    "<!channel>",
                    "<@U012345>",
                    "<http://x|bank>",
                    "<mailto:a@b>",
                    "<#C1>",
                    "@here",
                    "@channel",
                    "```",
                    "`",
                ),
                *(
                    "&",
                    "<",
                    ">",
                    "&lt;",
                    "\u202e",
                    "\u200b",
                    "\u200d",
                    "\ud800",
                    "\x00",
                    "\n",
                    "\u2028",
                    "👩‍👩‍👧",
                    "e\u0301",
                ),
                *("🇩🇪", "*", "_", "~", ":smile:", "https://evil.example", "שלום", "a"),
            ]
        )
    ).map("".join),
)


@given(HOSTILE, st.integers(2, 300))
def test_escaped_text_is_one_inert_line_within_its_limit(text: str, limit: int) -> None:
    shown = escape(text, limit)
    assert 0 < length(shown) <= limit
    assert not set(shown) & {"<", ">", "`", "\n"}
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", shown)
    assert not re.search(r"@(?:channel|here|everyone)", shown)
    assert "://" not in shown


@given(HOSTILE, st.integers(4, 300))
def test_code_holds_nothing_that_could_end_it(text: str, limit: int) -> None:
    shown = code(text, limit)
    assert length(shown) <= limit
    assert shown.startswith("`")
    assert shown.endswith("`")
    assert not set(shown[1:-1]) & {"<", ">", "`", "\n"}


@given(HOSTILE, st.integers(1, 300))
def test_quotes_hold_no_live_token_and_are_never_empty(text: str, limit: int) -> None:
    for element in (quote(text, limit), preformatted(text, limit)):
        shown = element["elements"][0]["text"]
        assert 0 < length(shown) <= limit
        assert not LIVE.search(shown)


@given(HOSTILE, st.integers(1, 300))
def test_plain_objects_hold_one_line_without_what_cannot_be_seen(text: str, limit: int) -> None:
    shown = plain(text, limit)["text"]
    assert shown.strip()
    assert length(shown) <= limit
    assert not LIVE.search(shown)
    assert not any(unicodedata.category(character) in {"Cc", "Cs"} for character in shown)
    assert not set(shown) & set("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


@given(HOSTILE)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.lists(st.sampled_from(["a", "é", "e\u0301", "👩‍👩‍👧", "👍🏽", "🇩🇪", "❤️", "한", "ก็"])), st.integers(1, 40))
def test_truncation_keeps_whole_graphemes_and_says_that_it_cut(graphemes: list[str], limit: int) -> None:
    text = "".join(graphemes)
    shown = truncate(text, limit)
    assert length(shown) <= limit
    prefixes = {"".join(graphemes[:n]) + "…" for n in range(len(graphemes))}
    assert shown == text or shown in prefixes


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("ab👩‍👩‍👧cd", 8, "ab…"),
        ("ab👍🏽cd", 5, "ab…"),
        ("ab🇩🇪cd", 6, "ab…"),
        ("abe\u0301cd", 4, "ab…"),
        ("abcd", 4, "abcd"),
        ("abcde", 4, "abc…"),
        ("ab  cd", 5, "ab…"),
    ],
)
def test_a_cut_never_splits_what_is_seen_as_one_character(text: str, limit: int, shown: str) -> None:
    assert truncate(text, limit) == shown


def test_families_and_flags_survive_cleaning_while_stray_joiners_do_not() -> None:
    assert clean("👩‍👩‍👧 🇩🇪 ❤️‍🔥 a\u200db\u200d") == "👩‍👩‍👧 🇩🇪 ❤️‍🔥 ab"


def test_markup_in_code_that_people_discuss_stays_readable_in_quotes() -> None:
    assert quote("<div class='a'> & 1 < 2", 100)["elements"][0]["text"] == "<div class='a'> & 1 < 2"
    assert quote("<!channel> <@U1> <http://x|bank>", 100)["elements"][0]["text"] == "‹!channel> ‹@U1> ‹http://x|bank>"


def test_a_pile_of_marks_is_cut_down() -> None:
    assert len(clean("a" + "\u0301" * 5_000)) == 9


def test_two_megabytes_are_read_no_further_than_can_be_shown() -> None:
    assert one_line("\u200b" * 2_000_000, 10) == "…"
    assert one_line("x" * 2_000_000, 10) == "xxxxxxxxx…"


def test_names_in_prose_lose_their_formatting_but_keep_inner_underscores() -> None:
    assert escape("*bold* gpt_4_mini _it_ :x: https://a.b", 99) == "∗bold∗ gpt_4_mini ＿it＿ ∶x: https∶//a.b"


def test_a_link_is_made_of_a_web_address_only() -> None:
    assert link("https://h.example/a b?c=<d>|e", "see | <here>") == (
        "<https://h.example/a%20b?c=%3Cd%3E%7Ce|see ¦ &lt;here&gt;>"
    )
    for url in ("javascript:alert(1)", "https://", "ftp://h.example", "", "//h.example"):
        with pytest.raises(BadInput, match="url: not a web address"):
            link(url, "x")


def test_a_moment_is_shown_to_everyone_in_their_own_time() -> None:
    at = datetime(2026, 11, 17, 12, 0, tzinfo=timezone(timedelta(hours=1)))
    assert slack_date(at) == "<!date^1794913200^{date_short_pretty} {time}|Tue 17 Nov 11:00 UTC>"
    assert slack_date(datetime(1970, 1, 1, tzinfo=UTC), "a|b>", "{time}") == "<!date^0^{time}|a¦b&gt;>"
    assert utc_text(at) == "Tue 17 Nov 11:00 UTC"


@given(st.text())
def test_what_slack_escapes_in_a_command_is_read_as_typed(text: str) -> None:
    assert unescape(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")) == text
