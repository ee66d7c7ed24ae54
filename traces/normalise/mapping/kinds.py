"""What a span is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from traces.normalise.mapping.names import Names, SpanKind

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
    "lmnr.span.type",
    "genkit:metadata:subtype",
)
KIND_INSIDE: Final[Names] = ("braintrust.span_attributes#type",)
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
    "model": "llm",
    "llm_response": "llm",
    "llm_tool_call": "llm",
    "llm_tool_result": "tool",
    "llm_request": "other",
    "llm_setup": "other",
    "stt": "other",
    "tts": "other",
    "tool": "tool",
    "execute_tool": "tool",
    "ai.toolcall": "tool",
    "retriever": "retriever",
    "retrieval": "retriever",
    "rag": "retriever",
    "embedding": "embedding",
    "embeddings": "embedding",
    "embedder": "embedding",
    "ai.embed": "embedding",
    "ai.embed.doembed": "embedding",
    "ai.embedmany.doembed": "embedding",
    "agent": "agent",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "workflow": "agent",
    "flow": "agent",
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
    "tool.function_name": "tool",
    "lk.function_tool.name": "tool",
    "spring.ai.tool.definition.name": "tool",
    "gcp.vertex.agent.llm_request": "llm",
    "db.vector.query.top_k": "retriever",
}
COMPONENT: Final = "haystack.component.type"
KIND_BY_ENDING: Final[Mapping[str, SpanKind]] = {"Generator": "llm", "Retriever": "retriever"}
MERGED_TOOLS: Final = "(merged tools)"
"""ADK repeats tools that ran side by side in one more span of this name."""

CALLING: Final = "llm_tool_call"
"""Pipecat's realtime operation by which a model asks for a tool; the tool's own span is another."""
ASKING: Final = "llm_request"
"""Pipecat's realtime operation that records what the next answer is given."""
HEARING: Final = "stt"
"""Pipecat's operation that heard what a person said."""
