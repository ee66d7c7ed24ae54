"""What was said: messages of models and agents."""

from __future__ import annotations

from typing import Final

from traces.normalise.mapping.names import Names

INPUT_MESSAGES: Final[Names] = (
    "gen_ai.input.messages",
    "gen_ai.prompt",
    "ai.prompt.messages",
    "langfuse.observation.input",
    "gcp.vertex.agent.llm_request",
    "mlflow.spanInputs",
    "traceloop.entity.input",
    "langwatch.input",
    "input.value",
    "request_data",
    "haystack.component.input",
    "lk.chat_ctx",
    "lmnr.span.input",
    "genkit:input",
    "braintrust.input_json",
    "input",
)
OUTPUT_MESSAGES: Final[Names] = (
    "gen_ai.output.messages",
    "gen_ai.completion",
    "langfuse.observation.output",
    "ai.response.text",
    "ai.response.object",
    "gcp.vertex.agent.llm_response",
    "mlflow.spanOutputs",
    "traceloop.entity.output",
    "langwatch.output",
    "final_result",
    "output.value",
    "response_data",
    "haystack.component.output",
    "lk.response.text",
    "lmnr.span.output",
    "genkit:output",
    "braintrust.output_json",
    "output",
)
FLAT_INPUT: Final[Names] = ("llm.input_messages", "gen_ai.prompt", "llm.prompts")
FLAT_OUTPUT: Final[Names] = ("llm.output_messages", "gen_ai.completion", "llm.completions", "llm.choices")
ALL_MESSAGES: Final[Names] = ("pydantic_ai.all_messages",)
SYSTEM: Final[Names] = ("gen_ai.system_instructions",)
OUTPUT_TOOL_CALLS: Final[Names] = ("ai.response.toolCalls", "lk.response.function_calls")
