"""Whatever is wrong is told as JSON, in one line, in the words that the clients of a path read."""

from __future__ import annotations

from contextlib import closing

import pytest
from made import talk
from test_http_receiver import Edge, edge, otlp_json, reason_in  # noqa: F401 - a fixture

from bot.keys import APPLICATION, KEY_NAME

DIALECTS = {
    "/v1/traces": {"error", "code", "message"},
    "/otel/v1/logs": {"error", "code", "message"},
    "/api/public/otel/v1/traces": {"error", "code", "message"},
    "/api/public/scores": {"error", "message"},
    "/runs/batch": {"error", "detail"},
    "/v1/private/traces": {"error", "code", "message", "errors"},
    "/v1/conversations": {"error"},
}


@pytest.mark.parametrize("path", DIALECTS)
def test_every_refusal_of_a_path_reads_alike(edge, path):  # noqa: F811
    for answer, status in (
        (edge.post(path, b"{"), 400),
        (edge.post(path, b"{}", "text/plain"), 415),
        (edge.client.put(path), 405),
        (edge.client.post(f"{path}/of/nowhere"), 404),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/json"
        assert set(answer.json()) == DIALECTS[path]
        assert reason_in(answer) == answer.json().get("message", answer.json()["error"])
    assert "send POST" in edge.client.put(path).json()["error"]
    assert edge.client.put(path).headers["allow"] == "POST"


def test_where_nothing_is_answers_json(edge):  # noqa: F811
    answer = edge.client.get("/nothing%C3%A9%0A<b>")
    assert (answer.status_code, set(answer.json())) == (404, {"error"})
    assert reason_in(answer).startswith("nothing is at '/nothing")


def test_no_scores_are_refused_and_a_score_without_an_id_is_given_one(edge):  # noqa: F811
    answer = edge.post("/api/public/scores", [])
    assert (answer.status_code, reason_in(answer)) == (400, "the list holds no score")
    score = {"name": "helpful", "value": 1, "traceId": "ab" * 16}
    assert edge.post("/api/public/scores", score).json()["id"]
    assert edge.post("/api/public/scores", score | {"id": "s-1"}).json() == {"id": "s-1"}


# --- keys of an application --------------------------------------------------------------------------------


class Keyed:
    """The edge behind keys, each of one application or of none."""

    def __init__(self, edge) -> None:  # noqa: F811
        self._edge = edge

    def post(self, where, body, application=None):
        return self._edge.post(where, body, x_application=application or "")

    def conversation(self, conversation_id):
        with self._edge.hark.store.read() as tx:
            return tx.conversations.get(conversation_id)

    def scores(self, conversation_id):
        with self._edge.hark.store.read() as tx:
            return {(s.name, s.value) for s in tx.scores.current([conversation_id]).get(conversation_id, ())}


def by_application(app):
    """A door that takes a header for a key."""

    async def door(scope, receive, send):
        headers = dict(scope.get("headers", ()))
        application = APPLICATION.set(headers.get(b"x-application", b"").decode() or None)
        name = KEY_NAME.set(None)
        try:
            await app(scope, receive, send)
        finally:
            APPLICATION.reset(application)
            KEY_NAME.reset(name)

    return door


@pytest.fixture
def keyed(tmp_path):
    with closing(Edge(tmp_path / "hark.db", door=by_application)) as made:
        yield Keyed(made)


def liked(**about):
    return {"name": "thumbs", "value": 1, "user_id": "u", **about}


@pytest.mark.parametrize("comes", ["before", "after"])
def test_feedback_sent_with_a_key_counts_for_conversations_of_its_application_only(keyed, comes):
    def given():
        for application in ("shop", "bank"):
            for conversation_id in ("c-shop", "c-none"):
                sent = liked(conversation_id=conversation_id) | {"value": application}
                assert keyed.post("/v1/feedback", sent, application).json()["new"] == 1

    if comes == "before":
        given()
    assert keyed.post("/v1/conversations", [talk("c-shop")], "shop").status_code == 200
    assert keyed.post("/v1/conversations", [talk("c-none")]).status_code == 200
    if comes == "after":
        given()
    assert {f.value for f in keyed.conversation("c-shop").feedback} == {"shop"}
    assert {f.value for f in keyed.conversation("c-none").feedback} == {"shop", "bank"}
    assert keyed.post("/v1/feedback", liked(conversation_id="c-shop")).json()["new"] == 1
    assert len(keyed.conversation("c-shop").feedback) == 2


def test_two_applications_may_use_the_same_ids_for_their_feedback(keyed):
    for application in ("shop", "bank"):
        keyed.post("/v1/conversations", [talk(f"c-{application}")], application)
        sent = liked(conversation_id=f"c-{application}", id="1")
        assert keyed.post("/v1/feedback", sent, application).json()["new"] == 1
        assert keyed.post("/v1/feedback", sent, application).json()["new"] == 0
    assert [len(keyed.conversation(f"c-{application}").feedback) for application in ("shop", "bank")] == [1, 1]


TRACE = f"{1:032x}"
SCORES = {
    "Langfuse": ("/api/public/scores", {"name": "helpful", "value": 1, "traceId": TRACE}),
    "Langfuse, of a session": ("/api/public/scores", {"name": "helpful", "value": 1, "sessionId": "c-1"}),
    "LangSmith": ("/feedback", {"key": "helpful", "score": 1, "run_id": "r-1", "trace_id": TRACE}),
}


@pytest.mark.parametrize(
    ("product", "comes"),
    [(product, "after") for product in SCORES] + [("Langfuse", "before"), ("LangSmith", "before")],
)
def test_a_score_sent_with_a_key_of_another_application_does_not_count_and_moves_nothing(keyed, product, comes):
    path, score = SCORES[product]
    conversation = otlp_json(1)
    sent = conversation["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    sent["attributes"] = [{"key": "session.id", "value": {"stringValue": "c-1"}}]

    def judged(application):
        assert keyed.post(path, score, application).is_success

    if comes == "before":
        judged("bank")
    assert keyed.post("/v1/traces", conversation, "shop").is_success
    if comes == "after":
        judged("bank")
    assert keyed.conversation("c-1").metadata["application"] == "shop"
    assert keyed.scores("c-1") == set()
    judged("shop")
    assert keyed.conversation("c-1").metadata["application"] == "shop"


@pytest.mark.parametrize("application", ["shop", "bank"])
def test_a_score_of_a_session_joins_the_conversation_that_was_sent_whole_and_leaves_its_words(keyed, application):
    keyed.post("/v1/conversations", [talk("c-1")], "shop")
    before = keyed.conversation("c-1")
    path, score = SCORES["Langfuse, of a session"]
    assert keyed.post(path, score, application).is_success
    assert keyed.conversation("c-1") == before
    assert keyed.scores("c-1") == ({("helpful", 1.0)} if application == "shop" else set())


def test_a_score_sent_with_a_key_of_the_conversations_application_counts(keyed):
    assert keyed.post("/v1/traces", otlp_json(1), "shop").is_success
    for path, score in SCORES.values():
        if "sessionId" not in score:
            assert keyed.post(path, score, "shop").is_success
    assert ("helpful", 1.0) in keyed.scores(f"trace:{TRACE}")
    assert keyed.conversation(f"trace:{TRACE}").metadata["application"] == "shop"
