"""The command line: data on standard output, everything else on standard error, and exit codes that tell."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from made import DAY, HOUR, NOW, talk

from bot.cli import main
from traces.clock import SystemClock, format_time

ENTRY = "from bot.cli import main; main()"


class Result:
    """What a command left behind."""

    def __init__(self, code, captured) -> None:
        self.code, self.out, self.err = code, captured.out, captured.err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def hark(monkeypatch, nobodys_settings, capsys):
    """Runs a command in an empty directory with a database of its own, and no one else's settings."""
    monkeypatch.setenv("HARK_DATABASE_URL", "sqlite:///hark.db")
    before = logging.root.handlers[:]

    def run(*arguments, given=b""):
        monkeypatch.setattr(sys, "argv", ["hark", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        with pytest.raises(SystemExit) as ended:
            main()
        return Result(ended.value.code or 0, capsys.readouterr())

    yield run
    logging.root.handlers[:] = before


def write(name, *lines):
    Path(name).write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return name


def stored(hark):
    return [c["id"] for c in hark("export", "conversations").lines]


# --- ingest ------------------------------------------------------------------------------------------------


def test_a_file_is_stored_once(hark):
    file = write("talks.jsonl", talk("c-1"), "\n", talk("c-2"))
    first, second = hark("ingest", file), hark("ingest", file)
    assert (first.code, "2 new, 0 updated, 0 unchanged" in first.err) == (0, True)
    assert (second.code, "0 new, 0 updated, 2 unchanged" in second.err) == (0, True)
    assert first.out == ""


def test_a_bad_line_is_named_by_file_and_line_and_the_others_are_stored(hark):
    file = write(
        "talks.jsonl", talk("c-1"), "{not json}\n", talk("c-2") | {"messages": [{"role": "robot"}]}, talk("c-3")
    )
    result = hark("ingest", file)
    assert result.code == 1
    assert "talks.jsonl:2: not valid JSON" in result.err
    assert "talks.jsonl:3: messages[0].role: 'robot' is not one of" in result.err
    assert "rejected 2 conversations" in result.err
    assert stored(hark) == ["c-1", "c-3"]


def test_only_the_first_reasons_are_printed(hark):
    result = hark("ingest", write("talks.jsonl", *["{}\n"] * 9, talk("c-1")))
    assert result.err.count("talks.jsonl:") == 5
    assert "… and 4 more" in result.err
    assert "rejected 9 conversations" in result.err


@pytest.mark.parametrize("ending", ["", "\n"])
def test_a_first_line_that_is_cut_short_does_not_cost_the_others(hark, ending):
    file = write("talks.jsonl", '{"id": "c-0", "mess\n', json.dumps(talk("c-1")) + ending)
    result = hark("ingest", file)
    assert (result.code, "talks.jsonl:1: not valid JSON" in result.err) == (1, True)
    assert stored(hark) == ["c-1"]


def test_a_list_and_a_pretty_printed_document_are_read(hark):
    Path("list.json").write_text(json.dumps([talk("c-1"), talk("c-2")], indent=2))
    Path("one.json").write_text(json.dumps(talk("c-3"), indent=2))
    assert "3 new" in hark("ingest", "list.json", "one.json").err
    assert stored(hark) == ["c-1", "c-2", "c-3"]


def test_a_bad_element_of_a_list_is_named_by_its_place(hark):
    Path("list.json").write_text(json.dumps([talk("c-1"), {"id": "c-2"}]))
    result = hark("ingest", "list.json")
    assert (result.code, "list.json[1]: messages: is missing" in result.err) == (1, True)
    assert stored(hark) == ["c-1"]


def test_standard_input_is_read(hark):
    assert "1 new" in hark("ingest", "-", given=json.dumps(talk("c-1")).encode()).err


@pytest.mark.parametrize("empty", [b"", b"\n", b"  \n\n"])
def test_nothing_to_ingest_is_no_mistake(hark, empty):
    result = hark("ingest", "-", given=empty)
    assert (result.code, "0 new" in result.err) == (0, True)


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_read_is_one_clear_line(hark, name):
    result = hark("ingest", name)
    assert result.code == 2
    assert result.err.splitlines()[-1].startswith(f"hark: {name}: cannot be read")


def test_a_database_that_cannot_be_used_is_one_clear_line(hark, monkeypatch):
    write("file", "x")
    for url in ("sqlite:///file/hark.db", "mysql://x", "nonsense"):
        monkeypatch.setenv("HARK_DATABASE_URL", url)
        result = hark("alerts")
        assert result.code == 2
        assert len(result.err.splitlines()) == 1
        assert result.err.startswith("hark: ")


# --- labels ------------------------------------------------------------------------------------------------


def label(conversation_id="c-1", **more):
    return {"conversation_id": conversation_id, "name": "refusal", "value": 1, "reviewer": "ann"} | more


def test_labels_are_imported_once_and_a_newer_one_replaces_the_older(hark):
    hark("ingest", write("talks.jsonl", talk("c-1")))
    file = write("labels.jsonl", label(at=format_time(NOW)), label(at=format_time(NOW), reviewer="bob"))
    assert "2 added, 0 changed, 0 unchanged" in hark("labels", "import", file).err
    assert "0 added, 0 changed, 2 unchanged" in hark("labels", "import", file).err
    newer = write("newer.jsonl", label(value=0, at=format_time(NOW + HOUR)))
    assert "0 added, 1 changed, 0 unchanged" in hark("labels", "import", newer).err
    assert "0 added, 0 changed, 2 unchanged" in hark("labels", "import", file).err
    [exported] = hark("export", "conversations").lines
    assert {each["reviewer"]: each["value"] for each in exported["labels"]} == {"ann": 0.0, "bob": 1.0}


def test_a_label_of_an_unknown_conversation_is_counted_and_kept(hark):
    result = hark("labels", "import", write("labels.jsonl", label("later")))
    assert (result.code, "1 are of conversations that are not stored" in result.err) == (0, True)
    hark("ingest", write("talks.jsonl", talk("later")))
    assert hark("export", "conversations").lines[0]["labels"][0]["reviewer"] == "ann"


def test_labels_that_contradict_each_other_are_all_kept(hark):
    result = hark("labels", "import", write("l.jsonl", label(), label(value=0, reviewer="bob"), label(value="unsure")))
    assert result.code == 0
    assert "2 added, 1 changed, 0 unchanged" in result.err


def test_a_bad_label_is_named_and_the_others_are_kept(hark):
    lines = (label(verdict=1), label(value=None), label(reviewer=""), {"x": 1}, [], label())
    result = hark("labels", "import", write("labels.jsonl", *lines))
    assert result.code == 1
    assert "labels.jsonl:1: verdict: is not a known field; known are" in result.err
    assert "labels.jsonl:2: value: is empty" in result.err
    assert "labels.jsonl:3: reviewer: is empty" in result.err
    assert "labels.jsonl:4: conversation_id: is missing" in result.err
    assert "1 added" in result.err
    assert "rejected 5 labels" in result.err


# --- export ------------------------------------------------------------------------------------------------


def test_what_is_exported_can_be_taken_in_again_and_is_the_same(hark, monkeypatch):
    rich = talk(
        "c-1",
        metadata={"model": "m1", "plan": {"tier": 2}},
        user_id="u",
        feedback=[{"name": "thumbs", "value": -1, "comment": "no"}],
        scores=[{"name": "csat", "value": 0.5, "source": "survey"}],
        labels=[{"name": "refusal", "value": 1, "reviewer": "ann", "at": format_time(NOW)}],
    )
    hark("ingest", write("talks.jsonl", rich, talk("c-2", at=NOW - DAY), talk("c-3", at=None)))
    hark("tick", "--at", format_time(NOW + HOUR))
    first = hark("export", "conversations")
    assert (first.code, len(first.lines), first.lines[0]["id"]) == (0, 3, "c-2")

    monkeypatch.setenv("HARK_DATABASE_URL", "sqlite:///other.db")
    assert "3 new" in hark("ingest", "-", given=first.out.encode()).err
    assert hark("export", "conversations").out == first.out


# --- tick, alerts, metrics, calibrate ----------------------------------------------------------------------


def test_a_tick_evaluates_what_is_due_as_of_its_time(hark):
    hark("ingest", write("talks.jsonl", talk("c-1")))
    assert hark("tick", "--at", format_time(NOW - DAY), "--json").json["evaluated"] == 0
    done = hark("tick", "--at", format_time(NOW + HOUR), "--json")
    assert (done.json["evaluated"], done.json["ticks"]) == (1, 1)
    assert "no Slack tokens: nothing is posted" in done.err
    assert hark("tick", "--at", format_time(NOW + HOUR), "--json").json["evaluated"] == 0


def test_a_span_of_time_is_replayed_in_steps(hark):
    hark("ingest", write("talks.jsonl", *[talk(f"c-{n}", at=NOW + n * HOUR) for n in range(4)]))
    span = ("--from", format_time(NOW), "--to", format_time(NOW + 6 * HOUR), "--every", "2h")
    done = hark("tick", *span, "--json").json
    assert (done["ticks"], done["evaluated"]) == (4, 4)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--from", "2026-01-01"), "go together"),
        (("--from", "2026-01-02", "--to", "2026-01-01"), "--to is before --from"),
        (("--at", "2026-01-01", "--from", "2026-01-01", "--to", "2026-01-01"), "either --at"),
        (("--at", "yesterday"), "is not a time"),
        (("--from", "2026-01-01", "--to", "2026-01-02", "--every", "0h"), "is not a duration"),
        (("--every", "h"), "is not a duration"),
        (("--every", "9999999999999w"), "duration"),
    ],
)
def test_a_tick_that_makes_no_sense_is_refused(hark, arguments, says):
    result = hark("tick", *arguments)
    assert (result.code, says in result.err) == (2, True), result.err
    assert "Traceback" not in result.err


def test_alerts_are_a_list_even_when_there_is_none(hark):
    assert hark("alerts", "--json").json == []
    assert hark("alerts").out == ""


def measured(hark):
    """Scored traffic of the last hours, as the machine's clock has it."""
    now = SystemClock().now()
    talks = [
        talk(
            f"c-{n}",
            at=now - HOUR,
            metadata={"model": f"m{n % 2}"},
            scores=[{"name": "refusal_rate", "value": int(n < 6)}],
            labels=[{"name": "refusal_rate", "value": int(n < 4), "reviewer": "ann"}],
        )
        for n in range(20)
    ]
    hark("ingest", write("talks.jsonl", *talks))
    hark("tick")


def test_metrics_are_told_as_text_and_as_json(hark):
    measured(hark)
    told = hark("metrics", "refusal_rate", "7d", "by", "model", "--json").json
    assert (told["signal"], told["n"], told["value"]) == ("refusal_rate", 20, 0.3)
    assert {group["name"]: group["n"] for group in told["groups"]} == {"m0": 10, "m1": 10}
    text = hark("metrics", "refusal_rate").out
    assert text.splitlines()[0] == "Refusal rate 30.0 % over 20 conversations"
    assert text.splitlines()[1] == "Nothing was measured in the same time a week before."
    one = hark("metrics", "volume", "where", "model=m1", "--json").json
    assert (one["value"], one["segment"]) == (10.0, {"model": "m1"})


def test_a_signal_that_there_is_not_is_answered_with_one_that_there_is(hark):
    result = hark("metrics", "latencyy")
    assert result.code == 2
    assert "latency" in result.err.splitlines()[-1]
    assert result.out == ""


KEYS = {"n_labels", "threshold", "tpr", "tnr", "kappa", "raw_rate", "corrected_rate", "ci_low", "ci_high"}


def test_calibration_is_told_by_evaluator(hark):
    measured(hark)
    told = hark("calibrate", "--json").json["refusal_rate"]
    assert told.keys() >= KEYS
    assert (told["n_labels"], told["raw_rate"], told["tpr"]) == (20, 0.3, 1.0)
    assert told["ci_low"] < told["corrected_rate"] < told["ci_high"]
    assert "refusal_rate" in hark("calibrate").out


def test_calibration_without_labels_is_an_empty_answer(hark):
    result = hark("calibrate", "--json")
    assert (result.code, result.json) == (0, {})


# --- doctor and help ---------------------------------------------------------------------------------------


def test_the_doctor_finds_a_healthy_hark_well(hark):
    result = hark("doctor", "--json")
    assert result.code == 0
    assert {finding["name"]: finding["ok"] for finding in result.json} == {
        "settings": True,
        "database": True,
        "in Slack": True,
        "evaluators": True,
        "slack": True,
    }


def test_the_doctor_tells_every_mistake_at_once(hark):
    write("hark.toml", '[server]\nport = "x"\n[detect]\ntimezone = "Mars"\n[nothing]\n')
    result = hark("doctor")
    assert result.code == 1
    assert result.out.count("✗") == 3
    for key in ("server.port", "detect.timezone", "nothing"):
        assert key in result.out


@pytest.mark.filterwarnings("ignore::DeprecationWarning:litellm")
def test_the_doctor_names_the_keys_and_models_that_judges_lack(hark, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    judge = '[[judges]]\nname = "{}"\ntemplate = "task_success"\nmodel = "{}"\n'
    models = {"done": "openai/gpt-5-mini", "well": "banana", "local": "scripted"}
    write("hark.toml", "".join(judge.format(name, model) for name, model in models.items()))
    result = hark("doctor", "--json")
    assert result.code == 1
    assert [finding["text"] for finding in result.json if not finding["ok"]] == [
        "done: the judge has no key: set OPENAI_API_KEY",
        "well: no provider has the model 'banana': write provider/model, such as openai/gpt-5-mini",
    ]


def test_the_doctor_names_a_database_and_a_slack_that_are_away(hark, monkeypatch):
    write("file", "x")
    monkeypatch.setenv("HARK_DATABASE_URL", "sqlite:///file/hark.db")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret-1")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/api/")
    result = hark("doctor", "--json")
    assert result.code == 1
    wrong = {finding["name"]: finding["text"] for finding in result.json if not finding["ok"]}
    assert wrong.keys() == {"database", "slack"}
    assert "xoxb-secret-1" not in result.out + result.err


def test_every_command_has_help_with_an_example(hark):
    names = re.findall(r"^  (\w+)  ", hark("--help").out, re.MULTILINE)
    assert {"run", "ingest", "tick", "alerts", "metrics", "calibrate", "labels", "export", "doctor", "demo"} <= {*names}
    for name in names:
        arguments = {"labels": ["labels", "import"], "export": ["export", "conversations"]}.get(name, [name])
        result = hark(*arguments, "--help")
        assert result.code == 0
        if name != "demo":
            assert "Example" in result.out, name


# --- the running process -----------------------------------------------------------------------------------


def process(directory, *arguments):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(directory),
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "HARK_DATABASE_URL": f"sqlite:///{directory / 'hark.db'}",
    }
    return subprocess.Popen(
        [sys.executable, "-c", ENTRY, *arguments],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_running_hark_receives_evaluates_and_stops_without_losing_anything(tmp_path):
    running = process(tmp_path, "run", "--port", "0")
    try:
        url = re.search(r"http://\S+?(?=,)", running.stderr.readline())[0]
        assert "nothing is posted" in running.stderr.readline()
        with httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=8), timeout=20) as client:
            sent = [talk(f"c-{n}", ended_at=format_time(NOW + HOUR / 60)) for n in range(50)]
            assert client.post("/v1/conversations", json=sent).json()["new"] == 50
            for _ in range(200):
                if client.get("/readyz").json()["awaiting_evaluation"] == 0:
                    break
                time.sleep(0.1)
            assert client.get("/readyz").json()["awaiting_evaluation"] == 0
            assert client.post("/v1/conversations", json=talk("last")).json()["new"] == 1
        running.send_signal(signal.SIGTERM)
        out, err = running.communicate(timeout=30)
    finally:
        running.kill()
        running.wait()
    assert (running.returncode, out) == (0, ""), err
    assert "Traceback" not in err
    exported = process(tmp_path, "export", "conversations").communicate(timeout=30)[0].splitlines()
    assert len(exported) == 51
    assert json.loads(exported[0])["scores"]


def test_a_running_hark_asks_for_a_key_on_its_own_machine_too_where_the_settings_say_so(tmp_path):
    (tmp_path / "hark.toml").write_text("[server]\nrequire_keys = true\n")
    running = process(tmp_path, "run", "--port", "0")
    try:
        url = re.search(r"http://\S+?(?=,)", running.stderr.readline())[0]
        with httpx.Client(base_url=url, transport=httpx.HTTPTransport(retries=8), timeout=20) as client:
            refused = client.post("/v1/conversations", json=talk("c-1"))
            assert refused.status_code == 401, refused.text
            assert client.get("/healthz").status_code == 200
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20) as raw:
            raw.sendall(b"not http at all\r\n\r\n")
            assert b"400" in raw.recv(1_000)
    finally:
        running.kill()
        log = running.communicate()[1]
    # What the HTTP server has to say goes through Hark's own lines, which are redacted.
    assert re.search(r"^\S+Z WARNING uvicorn\S*: Invalid HTTP request", log, re.MULTILINE), log


def test_a_port_that_is_taken_is_one_clear_line(hark):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = hark("run", "--port", taken.getsockname()[1])
    assert result.code == 2
    assert "cannot listen on" in result.err.splitlines()[-1]
