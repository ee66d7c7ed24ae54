"""What a model call was, took and cost."""

from __future__ import annotations

from typing import Final

from traces.normalise.mapping.names import Names

MODEL: Final[Names] = (
    "gen_ai.response.model",
    "ai.response.model",
    "gen_ai.request.model",
    "ai.model.id",
    "langfuse.observation.model.name",
    "llm.model_name",
    "mlflow.llm.model",
    "llm.invocation_parameters#model",
    "input.value#model",
    "mlflow.spanInputs#model",
    "langsmith.metadata.ls_model_name",
    "llm.response.model",
    "llm.request.model",
    "haystack.component.output#replies#0#meta#model",
    "braintrust.metadata#model",
    "genkit:name",
)
PROVIDER: Final[Names] = (
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
    "ai.model.provider",
    "langsmith.metadata.ls_provider",
    "llm.vendor",
)
INPUT_TOKENS: Final[Names] = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "langfuse.observation.usage_details#input",
    "langfuse.observation.usage_details#prompt_tokens",
    "langfuse.observation.usage_details#input_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "mlflow.chat.tokenUsage#input_tokens",
    "langwatch.metrics#promptTokens",
    "langwatch.metrics#prompt_tokens",
    "langsmith.metadata.usage_metadata#input_tokens",
    "llm.usage.prompt_tokens",
    "gcp.vertex.agent.llm_response#usage_metadata#prompt_token_count",
    "haystack.component.output#replies#0#meta#usage#prompt_tokens",
    "braintrust.metrics#prompt_tokens",
    "genkit:output#usage#inputTokens",
)
OUTPUT_TOKENS: Final[Names] = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "langfuse.observation.usage_details#output",
    "langfuse.observation.usage_details#completion_tokens",
    "langfuse.observation.usage_details#output_tokens",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "mlflow.chat.tokenUsage#output_tokens",
    "langwatch.metrics#completionTokens",
    "langwatch.metrics#completion_tokens",
    "langsmith.metadata.usage_metadata#output_tokens",
    "llm.usage.completion_tokens",
    "gcp.vertex.agent.llm_response#usage_metadata#candidates_token_count",
    "haystack.component.output#replies#0#meta#usage#completion_tokens",
    "braintrust.metrics#completion_tokens",
    "genkit:output#usage#outputTokens",
)
CACHE_READ_TOKENS: Final[Names] = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
    "gen_ai.usage.details.cache_read_tokens",
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_input",
    "ai.usage.cachedInputTokens",
    "langwatch.metrics#cachedTokens",
)
CACHE_WRITE_TOKENS: Final[Names] = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.input_tokens.cache_write",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
)
CACHE_READ_BESIDE: Final[Names] = (
    "langfuse.observation.usage_details#input_cached_tokens",
    "langfuse.observation.usage_details#input_cache_read",
    "langfuse.observation.usage_details#cache_read_input_tokens",
)
CACHE_WRITE_BESIDE: Final[Names] = (
    "langfuse.observation.usage_details#input_cache_creation",
    "langfuse.observation.usage_details#cache_creation_input_tokens",
)
"""Cached tokens that are not among the input tokens: Langfuse's kinds of usage do not overlap."""

COST: Final[Names] = (
    "langfuse.observation.cost_details#total",
    "llm.cost.total",
    "gen_ai.cost.total_cost",
    "gen_ai.usage.cost",
    "operation.cost",
    "langwatch.metrics#cost",
    "mlflow.llm.cost#total_cost",
)
TTFT_S: Final[Names] = (
    "gen_ai.response.time_to_first_chunk",
    "gen_ai.client.operation.time_to_first_chunk",
    "lk.response.ttft",
    "metrics.ttfb",
    "braintrust.metrics#time_to_first_token",
)
TTFT_S_OR_MS: Final[Names] = ("gen_ai.server.time_to_first_token",)
"""Seconds by the conventions, milliseconds from Strands: what is longer than the call itself was milliseconds."""

TTFT_MS: Final[Names] = ("ai.response.msToFirstChunk",)
FIRST_TOKEN_AT: Final[Names] = ("langfuse.observation.completion_start_time",)
FIRST_TOKEN_EVENTS: Final = frozenset(
    {"First Token Stream Event", "gen_ai.content.completion.chunk", "ai.stream.firstChunk"},
)
