from __future__ import annotations

import io
import logging
from collections import Counter
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traces.redact import RedactingFilter, redact

PII = Path(__file__).parents[4] / "shared" / "data" / "pii.jsonl"
IN_SCOPE = {"EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IP_ADDRESS", "US_SSN", "IBAN_CODE"}

# Written in two halves so that nobody's secret scanner takes these for real ones.
MUST_HIDE: list[tuple[str, str]] = [
    ("write to ann.lee+shop@mail.example.co.uk please", "write to [email] please"),
    ("<bob@example.com>", "<[email]>"),
    ("o'neil@example.org", "[email]"),
    ("call +1 (415) 555-0132 now", "call [phone] now"),
    ("+44 20 7946 0958", "[phone]"),
    ("+4915112345678", "[phone]"),
    ("(415) 555-0132", "[phone]"),
    ("415-555-0132", "[phone]"),
    ("415.555.0132", "[phone]"),
    ("1-800-555-0199", "[phone]"),
    ("06 12 34 56 78", "[phone]"),
    ("my number is 4155550132", "my number is [phone]"),
    ("phone: 030 1234567", "phone: [phone]"),
    ("0049 30 1234567", "[phone]"),
    ("card 4111 1111 1111 1111", "card [card]"),
    ("4111-1111-1111-1111.", "[card]."),
    ("5555555555554444", "[card]"),
    ("378282246310005", "[card]"),
    ("３７８２８２２４６３１０００５", "[card]"),
    ("DE89 3704 0044 0532 0130 00", "[iban]"),
    ("GB29NWBK60161331926819", "[iban]"),
    ("123-45-6789", "[ssn]"),
    ("my SSN is 123456789", "my SSN is [ssn]"),
    ("from 203.0.113.7:443", "from [ip]:443"),
    ("2001:db8:85a3::8a2e:370:7334", "[ip]"),
    ("sk-" + "proj-abcDEF0123456789abcDEF0123456789", "[secret]"),
    ("sk-" + "ant-api03-abcDEF0123456789abcDEF", "[secret]"),
    ("sk_" + "live_abcDEF0123456789abcDEF", "[secret]"),
    ("xox" + "b-123456789012-abcdefABCDEF", "[secret]"),
    ("xap" + "p-1-A012345-678-abcdef", "[secret]"),
    ("gh" + "p_abcdefghijklmnopqrstuvwxyz0123456789", "[secret]"),
    ("github" + "_pat_11ABCDEFG0123456789_abcdef", "[secret]"),
    ("AK" + "IAIOSFODNN7EXAMPLE", "[secret]"),
    ("AIz" + "aSyA0123456789abcdefghijklmnopqrstuvw", "[secret]"),
    ("ey" + "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-DEF_123", "[secret]"),
    ("Authorization: Bearer abc123def456ghi789", "Authorization: Bearer [secret]"),
    ("password: hunter2!", "password: [secret]"),
    ('{"api_key": "0123456789abcdef"}', '{"api_key": "[secret]"}'),
    ("DB_PASSWORD=s3cr3t-pass", "DB_PASSWORD=[secret]"),
    ("postgresql://hark:s3cret@db.internal/hark", "postgresql://[secret]@db.internal/hark"),
    ("https://hooks.slack.com/services/" + "T000/B000/abcdef", "https://hooks.slack.com/services/[secret]"),
    ("-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nok", "[secret]\nok"),
    ("AC" + "0123456789abcdef" * 2, "[secret]"),
    ("tm" + "_ingest_0123456789abcdefABCDEF012345", "[secret]"),
]

MUST_STAY = [
    "order 1234567890",
    "Order #4155550132 is late",
    "invoice no. 415-555-0132",
    "ticket SO-2024-00123",
    "booking reference 555-1234",
    "112-7366275-1234567",
    "2026-11-20",
    "2026-11-20 10:15:00",
    "20.11.2026",
    "11/20/2026",
    "2026-11-20T10:15:00.123456Z",
    "between 2019-2020",
    "version 1.2.3",
    "v10.15.7.2",
    "python 3.11.7",
    "550e8400-e29b-41d4-a716-446655440000",
    "d3473d94cfc746721193bc5a631917f3",
    "1795213986665168128",
    "1795213532161",
    "$1,234,567.89",
    "1234567 tokens",
    "12 345 678 €",
    "978-3-16-148410-0",
    "4111 1111 1111 1112",
    "GB29NWBK60161331926818",
    "000-12-3456",
    "999-12-3456",
    "12345-6789",
    "at 10:30:45",
    "std::vector<int>",
    "40.7128, -74.0060",
    "0.123456789",
    "1 2 3 4 5 6 7 8 9",
    "user@localhost",
    "@ann said hi",
    "the token limit is 4096",
    "What is your secret key?",
    "the password is required",
    "a basic understanding",
    "sk-learn",
    "flight HAT083",
    "credit_card_7238259",
    "aarav_garcia_1177",
    "256.1.1.1",
    "ratio 16:9",
    "call me at 10",
    "",
]


@pytest.mark.parametrize(("text", "shown"), MUST_HIDE)
def test_personal_data_and_secrets_are_hidden(text: str, shown: str) -> None:
    assert redact(text).text == shown


@pytest.mark.parametrize("text", MUST_STAY)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert redact(text).text == text
    assert redact(text).counts == {}


def test_what_was_hidden_is_counted_by_kind() -> None:
    assert redact("a@example.com, b@example.com, +1 415 555 0132").counts == {"email": 2, "phone": 1}


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_redacting_twice_hides_nothing_more(text: str) -> None:
    once = redact(text).text
    assert redact(once).text == once


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "1",
        "1 ",
        "a@",
        "a.",
        ":",
        "(1",
        "sk-",
        "token ",
        "+1 ",
        "1.1.",
        "-----BEGIN PRIVATE KEY-----",
        "://a:",
        "AB12 ",
    ],
)
def test_long_hostile_text_is_redacted_in_one_pass(piece: str) -> None:
    assert redact(piece * (120_000 // len(piece))) is not None


@pytest.mark.skipif(not PII.exists(), reason="the sample data is not beside this checkout")
def test_recall_and_false_redactions_on_the_public_set() -> None:
    """Recall over the kinds in scope at least 98 %; at most 1 % of messages with more hidden than there is."""
    found: Counter[bool] = Counter()
    too_much: Counter[bool] = Counter()
    for line in PII.read_bytes().splitlines():
        obj = orjson.loads(line)
        text = obj["messages"][0]["content"]
        spans = [text[a:b] for label in obj["labels"] for a, b, kind in label["value"] if kind in IN_SCOPE]
        shown = redact(text)
        found.update(span not in shown.text for span in spans)
        too_much[sum(shown.counts.values()) > len(spans)] += 1
    assert found[True] / found.total() >= 0.98
    assert too_much[True] / too_much.total() <= 0.01


def logged(*lines: tuple[str, tuple[object, ...]], failure: Exception | None = None) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter())
    for line, arguments in lines:
        exc_info = (type(failure), failure, failure.__traceback__) if failure else None
        handler.handle(logging.LogRecord("test", logging.ERROR, __file__, 1, line, arguments, exc_info))
    return stream.getvalue()


def test_log_lines_are_redacted_with_their_arguments() -> None:
    assert logged(("mail to %s", ("ann@example.com",))) == "mail to [email]\n"


def test_a_log_line_with_wrong_arguments_is_written_and_redacted_all_the_same() -> None:
    assert logged(("mail to %s and %d", ("ann@example.com",))) == "mail to %s and %d ('[email]',)\n"


def test_tracebacks_are_redacted() -> None:
    written = logged(("failed", ()), failure=ValueError("token=" + "abcdef123456"))
    assert "abcdef123456" not in written
    assert "token=[secret]" in written


def test_the_stack_of_a_log_line_is_redacted() -> None:
    stack = "Stack (most recent call last):\n  mail_to('ann@example.com')"
    record = logging.LogRecord("test", logging.ERROR, __file__, 1, "failed", (), None, sinfo=stack)
    assert RedactingFilter().filter(record)
    assert record.stack_info == "Stack (most recent call last):\n  mail_to('[email]')"


def test_hostile_text_cannot_start_a_log_line_of_its_own() -> None:
    assert (
        logged(("said %s", ("x\n2026-11-20 CRITICAL forged\x1b[31m",)))
        == "said x\\n2026-11-20 CRITICAL forged\\x1b[31m\n"
    )
