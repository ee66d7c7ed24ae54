"""Which attributes say what: canonical field <- attribute names, in order of preference.

Collected from what clients really send. Old and new names are accepted for ever, because the GenAI conventions keep
moving. A name with a ``#`` holds JSON: ``metadata#session_id`` is the key ``session_id`` of the JSON in ``metadata``, and
``a#b#0`` the first item of the list at ``b``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Names: TypeAlias = tuple[str, ...]
SpanKind = Literal["llm", "tool", "retriever", "embedding", "agent", "other"]

CONVERSATION_ID: Final[Names] = (
    "langfuse.session.id",
    "session.id",
    "gen_ai.conversation.id",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.conversation_id",
    "traceloop.association.properties.thread_id",
    "traceloop.association.properties.chat_id",
    "ai.telemetry.metadata.sessionId",
    "ai.telemetry.metadata.chatId",
    "langsmith.metadata.session_id",
    "langsmith.metadata.thread_id",
    "langsmith.metadata.conversation_id",
    "metadata#thread_id",
    "metadata#session_id",
    "metadata#conversation_id",
    "mlflow.trace.session",
    "gcp.vertex.agent.session_id",
    "wandb.thread_id",
    "thread_id",
    "gen_ai.thread.id",
    "traceloop.association.properties.sessionId",
    "traceloop.association.properties.conversationId",
    "traceloop.association.properties.threadId",
    "traceloop.association.properties.chatId",
    "ai.telemetry.metadata.threadId",
    "ai.telemetry.metadata.conversationId",
    "ai.telemetry.metadata.session_id",
    "ai.telemetry.metadata.thread_id",
    "ai.telemetry.metadata.conversation_id",
    "ai.telemetry.metadata.chat_id",
    "langfuse.trace.metadata.langfuse_session_id",
    "metadata#sessionId",
    "metadata#threadId",
    "metadata#conversationId",
    "conversation.id",
    "conversation_id",
    "session_id",
)

USER_ID: Final[Names] = (
    "langfuse.user.id",
    "user.id",
    "enduser.id",
    "traceloop.association.properties.user_id",
    "ai.telemetry.metadata.userId",
    "langsmith.metadata.user_id",
    "metadata#user_id",
    "mlflow.trace.user",
    "llm.user",
    "traceloop.association.properties.userId",
    "ai.telemetry.metadata.user_id",
    "langfuse.trace.metadata.langfuse_user_id",
    "metadata#userId",
    "user_id",
)

KIND: Final[Names] = (
    "openinference.span.kind",
    "langfuse.observation.type",
    "langsmith.span.kind",  # before gen_ai.operation.name: LangSmith calls its retrievers "embeddings" there
    "ai.operationId",
    "gen_ai.operation.name",
    "traceloop.span.kind",
    "mlflow.spanType",
    "langwatch.span.type",
    "llm.request.type",
)
KIND_OF: Final[Mapping[str, SpanKind]] = {
    "llm": "llm",
    "generation": "llm",
    "chat": "llm",
    "chat_model": "llm",
    "chat.completions": "llm",
    "text.completions": "llm",
    "completion": "llm",
    "acompletion": "llm",
    "text_completion": "llm",
    "atext_completion": "llm",
    "generate_content": "llm",
    "call_llm": "llm",
    "responses": "llm",
    "aresponses": "llm",
    "ai.generatetext.dogenerate": "llm",
    "ai.streamtext.dostream": "llm",
    "ai.generateobject.dogenerate": "llm",
    "ai.streamobject.dostream": "llm",
    "tool": "tool",
    "execute_tool": "tool",
    "ai.toolcall": "tool",
    "retriever": "retriever",
    "retrieval": "retriever",
    "rag": "retriever",
    "embedding": "embedding",
    "embeddings": "embedding",
    "ai.embed": "embedding",
    "ai.embed.doembed": "embedding",
    "ai.embedmany.doembed": "embedding",
    "agent": "agent",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "workflow": "agent",
    "invoke_workflow": "agent",
    "task": "agent",
    "chain": "agent",
    "span": "agent",
    "component": "agent",
    "ai.generatetext": "agent",
    "ai.streamtext": "agent",
    "ai.generateobject": "agent",
    "ai.streamobject": "agent",
    "evaluator": "other",
    "guardrail": "other",
    "reranker": "other",
    "prompt": "other",
    "event": "other",
}

KIND_BY_HOLDING: Final[Mapping[str, SpanKind]] = {
    "gen_ai.tool.name": "tool",
    "tool.name": "tool",
    "lk.function_tool.name": "tool",
    "spring.ai.tool.definition.name": "tool",
    "gcp.vertex.agent.llm_request": "llm",
    "db.vector.query.top_k": "retriever",
}
COMPONENT: Final = "haystack.component.type"
KIND_BY_ENDING: Final[Mapping[str, SpanKind]] = {"Generator": "llm", "Retriever": "retriever"}
MERGED_TOOLS: Final = "(merged tools)"
"""ADK repeats tools that ran side by side in one more span of this name."""

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
    "output",
)
FLAT_INPUT: Final[Names] = ("llm.input_messages", "gen_ai.prompt", "llm.prompts")
FLAT_OUTPUT: Final[Names] = ("llm.output_messages", "gen_ai.completion", "llm.completions", "llm.choices")
ALL_MESSAGES: Final[Names] = ("pydantic_ai.all_messages",)
SYSTEM: Final[Names] = ("gen_ai.system_instructions",)
OUTPUT_TOOL_CALLS: Final[Names] = ("ai.response.toolCalls", "lk.response.function_calls")

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
)
TTFT_S_OR_MS: Final[Names] = ("gen_ai.server.time_to_first_token",)
"""Seconds by the conventions, milliseconds from Strands: what is longer than the call itself was milliseconds."""

TTFT_MS: Final[Names] = ("ai.response.msToFirstChunk",)
FIRST_TOKEN_AT: Final[Names] = ("langfuse.observation.completion_start_time",)
FIRST_TOKEN_EVENTS: Final = frozenset(
    {"First Token Stream Event", "gen_ai.content.completion.chunk", "ai.stream.firstChunk"},
)

TOOL_NAME: Final[Names] = (
    "gen_ai.tool.name",
    "tool.name",
    "ai.toolCall.name",
    "lk.function_tool.name",
    "spring.ai.tool.definition.name",
    "traceloop.entity.name",
)
TOOL_CALL_ID: Final[Names] = ("gen_ai.tool.call.id", "ai.toolCall.id", "tool_call.id", "tool.id", "lk.function_tool.id")
TOOL_ARGUMENTS: Final[Names] = (
    "gen_ai.tool.call.arguments",
    "ai.toolCall.args",
    "tool_arguments",
    "gcp.vertex.agent.tool_call_args",
    "lk.function_tool.arguments",
    "spring.ai.tool.call.arguments",
    "langfuse.observation.input",
    "traceloop.entity.input",
    "mlflow.spanInputs",
    "langwatch.input",
    "input.value",
)
TOOL_RESULT: Final[Names] = (
    "gen_ai.tool.call.result",
    "ai.toolCall.result",
    "tool_response",
    "gcp.vertex.agent.tool_response",
    "lk.function_tool.output",
    "spring.ai.tool.call.result",
    "langfuse.observation.output",
    "traceloop.entity.output",
    "mlflow.spanOutputs",
    "langwatch.output",
    "output.value",
)

FLAT_DOCUMENTS: Final = "retrieval.documents"
DOCUMENTS: Final[Names] = (
    "gen_ai.retrieval.documents",
    "langwatch.rag_contexts",
    "langfuse.observation.output",
    "mlflow.spanOutputs",
    "traceloop.entity.output",
    "langwatch.output",
    "gen_ai.completion",
    "output.value",
    "haystack.component.output",
)
DOCUMENT_EVENT: Final = "db.query.result"
"""OpenLLMetry's event for each row of a vector database; its attributes' names begin with the same and a dot."""

ERROR_MESSAGE: Final[Names] = (
    "error.message",
    "langfuse.observation.status_message",
    "exception.message",
    "error.type",
)
FAILED: Final[Mapping[str, object]] = {
    "langfuse.observation.level": "ERROR",
    "gen_ai.tool.status": "error",
    "tool.status": "error",
    "lk.function_tool.is_error": True,
}
"""What failed spans say whose status does not."""

APPLICATION: Final[Names] = (
    "hark.application",  # what the key that it was sent with, or a person, says it is
    "service.name",
    "openinference.project.name",
    "traceloop.workflow.name",
    "langfuse.trace.name",
    "gen_ai.application_name",
    "gen_ai.agent.name",
)
ENVIRONMENT: Final[Names] = (
    "hark.environment",
    "deployment.environment.name",
    "deployment.environment",
    "langfuse.environment",
    "gen_ai.environment",
)
RELEASE: Final[Names] = ("service.version", "langfuse.release", "langsmith.metadata.revision_id")
PROMPT_NAME: Final[Names] = ("langfuse.observation.prompt.name", "gen_ai.prompt.name", "traceloop.prompt.key")
PROMPT_VERSION: Final[Names] = (
    "langfuse.observation.prompt.version",
    "llm.prompt_template.version",
    "traceloop.prompt.version",
)

METADATA_PREFIXES: Final[Names] = (
    "langfuse.trace.metadata.",
    "traceloop.association.properties.",
    "ai.telemetry.metadata.",
    "langsmith.metadata.",
)
METADATA_JSON: Final[Names] = ("metadata",)

EVALUATION_EVENT: Final = "gen_ai.evaluation.result"
LANGWATCH_EVALUATION_EVENT: Final = "langwatch.evaluation.custom"
EXCEPTION_EVENT: Final = "exception"
