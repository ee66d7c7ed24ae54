"""What calls cost is known from the price table that is installed, and unknown where the table does not tell."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, span

from traces.costs import Price, cost_of, price_of
from traces.ingest import offer
from traces.normalise import conversation_of


def test_input_and_output_are_priced_each_by_itself():
    price = price_of("gpt-4o", "openai")
    assert price is not None
    assert cost_of("gpt-4o", "openai", 1000, 100) == pytest.approx(1000 * price.input_usd + 100 * price.output_usd)


def test_cached_input_costs_what_cached_input_costs():
    price = price_of("gpt-4o", "openai")
    assert price is not None
    assert price.cache_read_usd is not None
    expected = 600 * price.input_usd + 400 * price.cache_read_usd
    assert cost_of("gpt-4o", "openai", 1000, 0, cache_read=400) == pytest.approx(expected)
    beside = 100 * price.input_usd + 400 * price.cache_read_usd
    assert cost_of("gpt-4o", "openai", 100, 0, cache_read=400) == pytest.approx(beside)


@pytest.mark.parametrize(
    ("model", "provider", "like"),
    [
        ("gpt-4o-2099-01-01", "openai", "gpt-4o"),
        ("GPT-4o", "openai.chat", "gpt-4o"),
        ("openrouter/unheard/of", None, None),
        ("models/gemini-2.5-pro", "google.generative-ai", "gemini/gemini-2.5-pro"),
        ("gpt-4o", "az.ai.openai", "azure/gpt-4o"),
    ],
)
def test_a_model_is_found_under_the_names_that_clients_give_it(model, provider, like):
    assert price_of(model, provider) == (None if like is None else price_of(like, None))


@pytest.mark.parametrize(
    "call",
    [("no-such-model", "openai", 10, 10), ("gpt-4o", "openai", None, None), (None, "openai", 10, 10)],
)
def test_what_is_not_known_is_unknown_and_never_zero(call):
    assert cost_of(*call) is None


def test_a_model_that_the_table_prices_at_nothing_is_unknown():
    assert price_of("llama3", "ollama") is None


@given(st.text(max_size=60), st.none() | st.text(max_size=20), st.integers(0, 10**9), st.integers(0, 10**9))
def test_any_model_name_gives_a_cost_or_none(model, provider, given_tokens, made_tokens):
    cost = cost_of(model, provider, given_tokens, made_tokens, cache_read=made_tokens)
    assert cost is None or cost >= 0


def call(**attributes):
    return span(1, 1, NOW, gen_ai__operation__name="chat", gen_ai__usage__input_tokens=1000, **attributes)


def test_a_reported_cost_wins_over_the_table():
    said = conversation_of("c", [call(gen_ai__request__model="gpt-4o", operation__cost=0.5)])
    assert said.cost_usd == 0.5


def test_a_span_with_tokens_and_a_known_model_has_a_cost():
    said = conversation_of("c", [call(gen_ai__request__model="gpt-4o", gen_ai__provider__name="openai")])
    assert said.cost_usd == cost_of("gpt-4o", "openai", 1000, None)
    assert conversation_of("c", [call(gen_ai__request__model="unheard-of")]).cost_usd is None


def test_a_conversation_that_was_sent_with_tokens_has_a_cost():
    answer = {"role": "assistant", "content": "a", "input_tokens": 1000, "output_tokens": 10}
    sent = {"id": "c", "metadata": {"model": "gpt-4o"}, "messages": [answer, {**answer, "cost_usd": 1.0}]}
    first, second = offer(sent, NOW).conversation.messages
    assert first.cost_usd == cost_of("gpt-4o", None, 1000, 10)
    assert second.cost_usd == 1.0


def test_reading_prices_does_not_import_litellm():
    code = "import sys; from traces.costs import price_of; assert price_of('gpt-4o', None); print('litellm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_long_call_pays_the_prices_of_long_calls_for_all_of_its_tokens():
    price = price_of("gemini-2.5-pro", "gemini")
    assert price is not None
    ((bound, longer),) = price.longer
    assert (bound, longer.input_usd > price.input_usd, longer.output_usd > price.output_usd) == (200_000, True, True)
    assert cost_of("gemini-2.5-pro", "gemini", bound, 10) == pytest.approx(
        bound * price.input_usd + 10 * price.output_usd
    )
    expected = (bound + 1 - 100) * longer.input_usd + 100 * longer.cache_read_usd + 10 * longer.output_usd
    assert cost_of("gemini-2.5-pro", "gemini", bound + 1, 10, cache_read=100) == pytest.approx(expected)


def test_of_several_bounds_the_largest_that_is_passed_counts():
    steps = ((300, Price(3.0, 3.0)), (200, Price(2.0, 2.0)))
    price = Price(1.0, 1.0, longer=steps)
    assert [price.of(n).input_usd for n in (0, 200, 201, 300, 301)] == [1.0, 1.0, 2.0, 2.0, 3.0]


def test_a_model_that_is_priced_in_steps_alone_has_a_price():
    price = price_of("qwen-flash", "dashscope")
    assert price is not None
    assert price.of(10) == price
    assert price.of(10**7).input_usd > price.input_usd


def test_every_kind_of_cached_token_that_langfuse_names_is_priced_as_such():
    price = price_of("gpt-4o", "openai")
    assert price is not None
    for kind in ("input_cached_tokens", "input_cache_read", "cache_read_input_tokens"):
        said = {
            "langfuse.observation.type": "generation",
            "langfuse.observation.model.name": "gpt-4o",
            "langfuse.observation.usage_details": f'{{"input": 100, "output": 10, "{kind}": 400}}',
        }
        (message,) = [m for m in conversation_of("c", [span_with(said)]).messages if m.role == "assistant"]
        expected = 100 * price.input_usd + 400 * price.cache_read_usd + 10 * price.output_usd
        assert message.cost_usd == pytest.approx(expected)


def span_with(attributes):
    return replace(span(), attributes=attributes)
