"""Lines on standard error: one an event, readable by machines where asked, and never a secret or somebody's words."""

from __future__ import annotations

import asyncio
import io
import json
import logging

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.config.log import LogSettings, log_in
from bot.logs import NamedRequests, set_up

CANARIES = [
    "xoxb-1234567890-abcdefghijklmnop",
    "sk-proj-abcdefghijklmnopqrstuvwx",
    "postgresql://hark:hunter2secret@db/hark",
    "Bearer abcdef0123456789abcdef",
    "jane.doe@example.com",
    "4111 1111 1111 1111",
]


@pytest.fixture
def said():
    """What was said on the root handler since."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers = []
    out = io.StringIO()
    yield out
    root.handlers, root.level = before, level


def fails_with(text):
    raise ValueError(text)


def get(app, **headers):
    async def asked():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hark") as client:
            return await client.get("/", headers=headers)

    return asyncio.run(asked())


def lines(out):
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_json_line_has_its_time_level_logger_message_and_fields(said):
    set_up("json", to=said)
    logging.getLogger("bot.jobs.poll").warning("source %s: away", "phoenix", extra={"rejected": 3, "source": "phoenix"})
    (line,) = lines(said)
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "warning", "logger": "bot.jobs.poll", "message": "source phoenix: away", "rejected": 3, "source": "phoenix",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("canary", CANARIES)
def test_no_way_of_saying_a_secret_writes_it(said, form, canary):
    set_up(form, to=said)
    log = logging.getLogger("anything")
    log.error("plain %s", canary)
    log.error(canary)
    log.error("with a field", extra={"said": canary, "token": "hunter2secret"})
    try:
        fails_with(canary)
    except ValueError:
        log.exception("failed")
    assert canary not in said.getvalue()
    assert "hunter2secret" not in said.getvalue()


def test_a_field_that_is_a_sentence_or_an_object_is_left_out(said):
    set_up("json", to=said)
    extra = {"conversation": {"messages": ["Where is my order?"]}, "text": "Where is my order?"}
    logging.getLogger("anything").error("failed", extra=extra)
    assert "order" not in said.getvalue()


@given(st.text(st.characters(), max_size=200))
def test_whatever_is_said_is_one_line_of_json(text):
    out, root = io.StringIO(), logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        set_up("json", to=out)
        logging.getLogger("anything").error("%s", text)
    finally:
        root.handlers, root.level = before, level
    assert len(out.getvalue().split("\n")) == 2
    assert json.loads(out.getvalue())["level"] == "error"


def test_lines_about_a_request_carry_its_id_and_so_does_the_answer(said):
    async def fails(_request: Request) -> PlainTextResponse:
        logging.getLogger("bot.http").error("refused")
        return PlainTextResponse("no")

    set_up("json", to=said)
    app = NamedRequests(Starlette(routes=[Route("/", fails)]))
    assert get(app, **{"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    made = get(app, **{"x-request-id": 'evil"} {'}).headers["x-request-id"]
    logging.getLogger("bot").error("later")
    assert [line.get("request_id") for line in lines(said)] == ["abc-1", made, None]
    assert made.isalnum()


def test_the_environment_wins_and_a_wrong_word_is_a_mistake():
    mistakes: list[str] = []
    assert log_in({"HARK_LOG_FORMAT": "JSON"}, LogSettings(), mistakes).format == "json"
    assert log_in({}, LogSettings(format="json"), mistakes).format == "json"
    assert mistakes == []
    log_in({"HARK_LOG_FORMAT": "xml"}, LogSettings(), mistakes)
    assert mistakes == ["HARK_LOG_FORMAT: 'xml' is neither text nor json"]
