from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.check import check
from bot.slack.check_elements import IN_ACTIONS, IN_INPUT
from bot.slack.limits import length

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def option(text: str = "A", value: str = "a") -> Json:
    return {"text": plain(text), "value": value}


def button(**fields: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **fields}


def section(**fields: Any) -> Json:
    return {"type": "section", "text": mrkdwn("x"), **fields}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def row(*texts: str) -> list[Json]:
    return [{"type": "raw_text", "text": text} for text in texts]


def chart(points: int = 3, **fields: Any) -> Json:
    labels = [str(n) for n in range(points)]
    data = [{"label": label, "value": 1.5} for label in labels]
    drawing = {"type": "line", "series": [{"name": "a", "data": data}], "axis_config": {"categories": labels}}
    return {"type": "data_visualization", "title": "T", "chart": {**drawing, **fields}}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def run(text: str = "x", **fields: Any) -> Json:
    return {"type": "text", "text": text, **fields}


def input_of(element: Json) -> Json:
    return {"type": "input", "label": plain("L"), "element": element}


def modal(*blocks: Json, **fields: Any) -> Json:
    return {"type": "modal", "title": plain("T"), "submit": plain("Save"), "blocks": list(blocks), **fields}


CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("Really"), "confirm": plain("Yes"), "deny": plain("No")}

GOOD_BLOCKS: list[Json] = [
    section(block_id="s1", accessory=button(confirm=CONFIRM, style="danger", url="https://h.example")),
    {"type": "section", "fields": [mrkdwn("a"), plain("b")]},
    {"type": "header", "text": plain("H" * 150), "level": 2},
    {
        "type": "context",
        "elements": [mrkdwn("a"), {"type": "image", "image_url": "https://h.example/i", "alt_text": "i"}],
    },
    {"type": "divider"},
    actions(
        button(value="v1:a:1"),
        {"type": "overflow", "action_id": "more", "options": [option()]},
        {"type": "static_select", "action_id": "pick", "options": [option()], "initial_option": option()},
        {"type": "users_select", "action_id": "who"},
    ),
    {"type": "table", "rows": [row("a", "b"), [*row("c"), {"type": "raw_number", "value": 3}]]},
    chart(20),
    rich(
        {"type": "rich_text_section", "elements": [run(style={"bold": True}), {"type": "user", "user_id": "U1"}]},
        {"type": "rich_text_quote", "elements": [run()], "border": 1},
        {"type": "rich_text_preformatted", "elements": [run("  ")]},
        {"type": "rich_text_list", "style": "bullet", "elements": [{"type": "rich_text_section", "elements": [run()]}]},
    ),
    {"type": "markdown", "text": "# x"},
    {"type": "image", "slack_file": {"id": "F12345678"}, "alt_text": "i", "title": plain("t")},
    {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain("x")}]},
    {"type": "carousel", "elements": [{"type": "card", "title": mrkdwn("t"), "actions": [button()]}]},
    {"type": "container", "child_blocks": [section()], "title": plain("t")},
    {"type": "data_table", "caption": "c", "rows": [row("a"), row("b")], "page_size": 5},
]


def test_what_slack_takes_passes() -> None:
    assert check({"channel": "C1", "text": "x", "blocks": GOOD_BLOCKS}, "message") == []
    metadata = {"event_type": "hark_message", "event_payload": {"delivery_id": "d"}}
    assert check({"text": "x", "metadata": metadata}, "message") == []
    text_input = {"type": "plain_text_input", "action_id": "n", "multiline": True, "min_length": 1, "max_length": 9}
    view = modal(
        {"type": "alert", "text": plain("x"), "level": "warning"},
        input_of(text_input),
        input_of({"type": "radio_buttons", "options": [option()]}),
        input_of({"type": "multi_static_select", "option_groups": [{"label": plain("g"), "options": [option()]}]}),
        callback_id="",
        private_metadata="v1:a",
    )
    assert check(view, "modal") == []
    assert check({"type": "home", "blocks": []}, "home") == []


TOO_MANY_TABLES = "blocks: 2 table blocks, at most 1"

BAD_MESSAGES: list[tuple[list[Json] | Any, str]] = [
    ([section()] * 51, "blocks: 51 items, at most 50"),
    ("x", "blocks: a list is needed, not str"),
    ([7], "blocks[0]: a block is needed, not int"),
    ([{"type": "banner"}], "blocks[0].type: unknown block type 'banner'"),
    ([{"type": ["section"]}], "blocks[0].type: unknown block type list"),
    ([{"type": "header", "text": plain("x" * 151)}], "blocks[0].text.text: 151 characters, at most 150"),
    ([{"type": "header", "text": mrkdwn("x")}], "blocks[0].text.type: 'mrkdwn', must be plain_text"),
    ([{"type": "header"}], "blocks[0].text: missing"),
    ([section(text=mrkdwn("x" * 3_120))], "blocks[0].text.text: 3,120 characters, at most 3,000"),
    ([section(text=mrkdwn("😀" * 1_501))], "blocks[0].text.text: 3,002 characters, at most 3,000"),
    ([section(text=mrkdwn(" "))], "blocks[0].text.text: empty"),
    ([section(text="x")], "blocks[0].text: a text object is needed, not str"),
    ([section(text={"type": "mrkdwn"})], "blocks[0].text.text: missing"),
    ([section(text={"type": "mrkdwn", "text": 3})], "blocks[0].text.text: a string is needed, not int"),
    ([section(text={**mrkdwn("x"), "emoji": True})], "blocks[0].text.emoji: a boolean, only in plain_text"),
    ([section(text={**mrkdwn("x"), "colour": 1})], "blocks[0].text.colour: not a field of this"),
    ([{"type": "section"}], "blocks[0]: a section needs text or fields"),
    ([section(fields=[mrkdwn("x")] * 11)], "blocks[0].fields: 11 items, at most 10"),
    ([section(fields=[mrkdwn("x" * 2_001)])], "blocks[0].fields[0].text: 2,001 characters, at most 2,000"),
    ([section(fields=[])], "blocks[0].fields: empty"),
    ([section(colour="red")], "blocks[0].colour: not a field of this"),
    ([section(block_id="x" * 256)], "blocks[0].block_id: 256 characters, at most 255"),
    (
        [section(block_id="a"), section(block_id="a")],
        "blocks[1].block_id: block_id 'a' is already used at blocks[0].block_id",
    ),
    (
        [section(accessory={"type": "plain_text_input"})],
        "blocks[0].accessory.type: 'plain_text_input' may not stand here",
    ),
    ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "blocks[0].elements: 11 items, at most 10"),
    ([actions()], "blocks[0].elements: empty"),
    ([actions(*[button(action_id=str(n)) for n in range(26)])], "blocks[0].elements: 26 items, at most 25"),
    (
        [actions(button(), button())],
        "blocks[0].elements[1].action_id: action_id 'go' is already used at blocks[0].elements[0].action_id",
    ),
    ([actions(button(text=plain("x" * 76)))], "blocks[0].elements[0].text.text: 76 characters, at most 75"),
    ([actions(button(text=mrkdwn("x")))], "blocks[0].elements[0].text.type: 'mrkdwn', must be plain_text"),
    ([actions(button(value="x" * 2_001))], "blocks[0].elements[0].value: 2,001 characters, at most 2,000"),
    ([actions(button(url="https://" + "x" * 3_000))], "blocks[0].elements[0].url: 3,008 characters, at most 3,000"),
    ([actions(button(url="javascript:x"))], "blocks[0].elements[0].url: not a web address"),
    ([actions(button(style="loud"))], "blocks[0].elements[0].style: 'loud', must be danger or primary"),
    ([actions(button(action_id=""))], "blocks[0].elements[0].action_id: empty"),
    ([actions(button(action_id="x" * 256))], "blocks[0].elements[0].action_id: 256 characters, at most 255"),
    (
        [actions({"type": "image", "image_url": "https://x", "alt_text": "x"})],
        "blocks[0].elements[0].type: 'image' may not stand here",
    ),
    (
        [actions(button(confirm={**CONFIRM, "title": plain("x" * 101)}))],
        "blocks[0].elements[0].confirm.title.text: 101 characters, at most 100",
    ),
    (
        [actions(button(confirm={**CONFIRM, "text": plain("x" * 301)}))],
        "blocks[0].elements[0].confirm.text.text: 301 characters, at most 300",
    ),
    (
        [actions(button(confirm={**CONFIRM, "deny": plain("x" * 31)}))],
        "blocks[0].elements[0].confirm.deny.text: 31 characters, at most 30",
    ),
    ([actions(button(confirm={}))], "blocks[0].elements[0].confirm.confirm: missing"),
    (
        [actions({"type": "overflow", "options": [option(value=str(n)) for n in range(6)]})],
        "blocks[0].elements[0].options: 6 items, at most 5",
    ),
    (
        [actions({"type": "static_select", "options": [option(value=str(n)) for n in range(101)]})],
        "blocks[0].elements[0].options: 101 items, at most 100",
    ),
    ([actions({"type": "static_select"})], "blocks[0].elements[0]: a select needs either options or option_groups"),
    (
        [actions({"type": "static_select", "options": [option("x" * 76)]})],
        "blocks[0].elements[0].options[0].text.text: 76 characters, at most 75",
    ),
    (
        [actions({"type": "static_select", "options": [option(value="x" * 151)]})],
        "blocks[0].elements[0].options[0].value: 151 characters, at most 150",
    ),
    (
        [actions({"type": "static_select", "options": [option()], "initial_option": option("B", "b")})],
        "blocks[0].elements[0]: the initial option is none of the options",
    ),
    (
        [actions({"type": "users_select", "placeholder": plain("x" * 151)})],
        "blocks[0].elements[0].placeholder.text: 151 characters, at most 150",
    ),
    ([{"type": "image", "alt_text": "x"}], "blocks[0]: an image needs either image_url or slack_file"),
    ([{"type": "image", "image_url": "https://x"}], "blocks[0].alt_text: missing"),
    ([{"type": "alert", "text": plain("x")}], "blocks[0]: alert blocks stand only in modal"),
    ([{"type": "markdown", "text": "x" * 12_001}], "blocks[0].text: 12,001 characters, at most 12,000"),
    ([{"type": "markdown", "text": "x" * 6_001}] * 2, "blocks: 12,002 characters in markdown blocks, at most 12,000"),
    ([section(text=mrkdwn("x" * 3_000))] * 4, "blocks: 12,000 characters in all, at most 11,000"),
    ([{"type": "table", "rows": [row("a")] * 101}], "blocks[0].rows: 101 items, at most 100"),
    ([{"type": "table", "rows": [row(*"a" * 21)]}], "blocks[0].rows[0]: 21 items, at most 20"),
    ([{"type": "table", "rows": []}], "blocks[0].rows: empty"),
    ([{"type": "table", "rows": [row("")]}], "blocks[0].rows[0][0].text: empty"),
    ([{"type": "table", "rows": [row("x" * 101)] * 100}], "blocks: 10,100 characters in table blocks, at most 10,000"),
    ([{"type": "table", "rows": [row("a")]}] * 2, TOO_MANY_TABLES),
    (
        [{"type": "table", "rows": [[plain("a")]]}],
        "blocks[0].rows[0][0].type: 'plain_text', must be raw_text, raw_number or rich_text",
    ),
    ([{"type": "data_table", "rows": [row("a")], "caption": "c"}], "blocks[0].rows: 1 items, at least 2"),
    ([{"type": "data_table", "rows": [row("a"), row("b")]}], "blocks[0].caption: missing"),
    ([chart(), chart(), chart()], "blocks: 3 data_visualization blocks, at most 2"),
    ([chart(21)], "blocks[0].chart.axis_config.categories: 21 items, at most 20"),
    ([chart(series=[])], "blocks[0].chart.series: empty"),
    ([chart(type="radar")], "blocks[0].chart.type: 'radar', must be area, bar, line or pie"),
    ([{**chart(), "title": "x" * 51}], "blocks[0].title: 51 characters, at most 50"),
    (
        [chart(axis_config={"categories": ["0", "1", "3"]})],
        "blocks[0].chart.series[0].data: must have one point for every category, in their order",
    ),
    (
        [chart(axis_config={"categories": ["0", "0", "2"]})],
        "blocks[0].chart.axis_config.categories[1]: category '0' is already used at blocks[0].chart.axis_config.categories[0]",
    ),
    (
        [chart(axis_config={"categories": ["x" * 21]})],
        "blocks[0].chart.axis_config.categories[0]: 21 characters, at most 20",
    ),
    (
        [chart(1, series=[{"name": "a", "data": [{"label": "0", "value": float("nan")}]}])],
        "blocks[0].chart.series[0].data[0].value: a finite number is needed",
    ),
    (
        [chart(1, series=[{"name": "a", "data": [{"label": "0", "value": 1}]}] * 2)],
        "blocks[0].chart.series[1].name: series 'a' is already used at blocks[0].chart.series[0].name",
    ),
    (
        [chart(1, series=[{"name": str(n), "data": [{"label": "0", "value": 1}]} for n in range(7)])],
        "blocks[0].chart.series: 7 items, at most 6",
    ),
    ([rich()], "blocks[0].elements: empty"),
    ([rich({"type": "rich_text_quote", "elements": []})], "blocks[0].elements[0].elements: empty"),
    (
        [rich({"type": "rich_text_quote", "elements": [run("")]})],
        "blocks[0].elements[0].elements[0].text: a string of at least one character is needed",
    ),
    ([rich(run())], "blocks[0].elements[0].type: 'text' may not stand here"),
    (
        [rich({"type": "rich_text_preformatted", "elements": [{"type": "emoji", "name": "x"}]})],
        "blocks[0].elements[0].elements[0].type: 'emoji' may not stand here",
    ),
    (
        [rich({"type": "rich_text_section", "elements": [run(style={"bold": 1})]})],
        "blocks[0].elements[0].elements[0].style: an object of booleans such as bold, italic, strike, code",
    ),
    ([{"type": "context_actions", "elements": [button()]}], "blocks[0].elements[0].type: 'button' may not stand here"),
    ([{"type": "card", "body": plain("x" * 201)}], "blocks[0].body.text: 201 characters, at most 200"),
    ([{"type": "card", "title": "x"}], "blocks[0].title: a text object is needed, not str"),
    ([{"type": "carousel", "elements": [section()]}], "blocks[0].elements[0].type: 'section' may not stand here"),
    (
        [{"type": "container", "child_blocks": [{"type": "container", "child_blocks": []}]}],
        "blocks[0].child_blocks[0].type: 'container' may not stand here",
    ),
]


@pytest.mark.parametrize(("blocks", "problem"), BAD_MESSAGES, ids=[problem[:90] for _, problem in BAD_MESSAGES])
def test_what_slack_rejects_in_a_message_is_named_with_its_place(blocks: Any, problem: str) -> None:
    assert problem in check({"text": "x", "blocks": blocks}, "message")


BAD_VIEWS: list[tuple[Json, str]] = [
    (modal(title=plain("x" * 25)), "title.text: 25 characters, at most 24"),
    (modal(submit=plain("x" * 25)), "submit.text: 25 characters, at most 24"),
    (modal(close=mrkdwn("x")), "close.type: 'mrkdwn', must be plain_text"),
    (modal(private_metadata="x" * 3_001), "private_metadata: 3,001 characters, at most 3,000"),
    (modal(callback_id="x" * 256), "callback_id: 256 characters, at most 255"),
    (modal(*[section()] * 101), "blocks: 101 items, at most 100"),
    (modal(*[section(fields=[mrkdwn("x" * 1_900)] * 10)] * 14), "view: 27"),
    (modal(chart()), "blocks[0]: data_visualization blocks stand only in message"),
    (modal({"type": "table", "rows": [row("a")]}), "blocks[0]: table blocks stand only in message"),
    (modal({"type": "markdown", "text": "x"}), "blocks[0]: markdown blocks stand only in message"),
    (modal(colour="red"), "colour: not a field of this"),
    ({"type": "modal", "title": plain("T")}, "blocks: missing"),
    ({"type": "modal", "blocks": []}, "title: missing"),
    ({"type": "home", "blocks": []}, "type: 'home', must be 'modal'"),
    (
        {"type": "modal", "title": plain("T"), "blocks": [input_of({"type": "plain_text_input"})]},
        "submit: missing, and there are input blocks",
    ),
    (modal(input_of(button())), "blocks[0].element.type: 'button' may not stand here"),
    (
        modal(input_of({"type": "radio_buttons", "options": [option(value=str(n)) for n in range(11)]})),
        "blocks[0].element.options: 11 items, at most 10",
    ),
    (
        modal(input_of({"type": "plain_text_input", "max_length": 3_001})),
        "blocks[0].element.max_length: a whole number from 1 to 3,000 is needed",
    ),
    (
        modal(input_of({"type": "plain_text_input", "min_length": 5, "max_length": 4})),
        "blocks[0].element.min_length: 5 is more than max_length 4",
    ),
    (modal(input_of({"type": "number_input"})), "blocks[0].element.is_decimal_allowed: missing"),
    (modal(section(text=plain("\ud800"))), "view: not JSON that can be sent"),
]


@pytest.mark.parametrize(("view", "problem"), BAD_VIEWS, ids=[problem[:90] for _, problem in BAD_VIEWS])
def test_what_slack_rejects_in_a_view_is_named_with_its_place(view: Json, problem: str) -> None:
    assert any(found.startswith(problem) for found in check(view, "modal"))


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({}, "text: a message needs text or blocks"),
        ({"text": ""}, "text: a message needs text or blocks"),
        ({"text": "x" * 40_001}, "text: 40,001 characters, at most 40,000"),
        ({"text": "x", "blocks": [section(text=plain("\ud800"))]}, "message: not JSON that can be sent"),
        ({"text": 5}, "text: a string is needed, not int"),
        ({"text": "x", "metadata": 3}, "metadata: an object is needed, not int"),
        ({"text": "x", "metadata": {"event_type": "", "event_payload": {}}}, "metadata.event_type: empty"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "metadata.event_payload: missing"),
        (
            {"text": "x", "metadata": {"event_type": "a", "event_payload": {"b": "x" * 8_000}}},
            "metadata: 8,043 bytes, at most 8,000",
        ),
    ],
)
def test_what_is_wrong_around_the_blocks_is_named_too(payload: Json, problem: str) -> None:
    assert problem in check(payload, "message")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["section", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "elements", "a"]), inner)
    ),
    max_leaves=8,
)
ELEMENT = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(IN_ACTIONS | IN_INPUT))},
    optional=dict.fromkeys(
        ("text", "options", "option_groups", "initial_option", "initial_options", "confirm", "style", "min_length"),
        JSON,
    ),
)
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from([*(block["type"] for block in GOOD_BLOCKS), "input", "alert", "video", "plan"])},
    optional={
        **dict.fromkeys(("text", "fields", "rows", "title", "chart", "child_blocks", "block_id", "slack_file"), JSON),
        "elements": st.lists(ELEMENT | JSON, max_size=2) | JSON,
        "element": ELEMENT | JSON,
        "accessory": ELEMENT | JSON,
    },
)


@given(
    st.dictionaries(st.sampled_from(["text", "blocks", "metadata", "title", "type"]), JSON)
    | st.fixed_dictionaries({"blocks": st.lists(BLOCK, max_size=3)}),
    st.sampled_from(["message", "modal", "home"]),
)
def test_any_json_gets_an_answer_in_short_lines(payload: Json, surface: Any) -> None:
    assert all(isinstance(problem, str) and "\n" not in problem for problem in check(payload, surface))


def test_lengths_are_counted_as_utf_16() -> None:
    assert [length(text) for text in ("", "a", "é", "😀", "👍🏽")] == [0, 1, 1, 2, 4]
