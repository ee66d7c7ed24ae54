"""What tools and retrievers did, what failed, and what was evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from traces.normalise.mapping.names import Names

TOOL_NAME: Final[Names] = (
    "gen_ai.tool.name",
    "tool.name",
    "ai.toolCall.name",
    "lk.function_tool.name",
    "spring.ai.tool.definition.name",
    "tool.function_name",
    "traceloop.entity.name",
    "genkit:name",
)
TOOL_CALL_ID: Final[Names] = (
    "gen_ai.tool.call.id",
    "ai.toolCall.id",
    "tool_call.id",
    "tool.id",
    "lk.function_tool.id",
    "tool.call_id",
)
TOOL_ARGUMENTS: Final[Names] = (
    "gen_ai.tool.call.arguments",
    "ai.toolCall.args",
    "tool_arguments",
    "gcp.vertex.agent.tool_call_args",
    "lk.function_tool.arguments",
    "spring.ai.tool.call.arguments",
    "tool.arguments",
    "langfuse.observation.input",
    "traceloop.entity.input",
    "mlflow.spanInputs",
    "langwatch.input",
    "input.value",
    "lmnr.span.input",
    "genkit:input",
    "braintrust.input_json",
)
TOOL_RESULT: Final[Names] = (
    "gen_ai.tool.call.result",
    "ai.toolCall.result",
    "tool_response",
    "gcp.vertex.agent.tool_response",
    "lk.function_tool.output",
    "spring.ai.tool.call.result",
    "tool.result",
    "langfuse.observation.output",
    "traceloop.entity.output",
    "mlflow.spanOutputs",
    "langwatch.output",
    "output.value",
    "lmnr.span.output",
    "genkit:output",
    "braintrust.output_json",
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
    "tool.result_status": "error",
    "genkit:state": "error",
    "lk.function_tool.is_error": True,
}
"""What failed spans say whose status does not."""

EVALUATION_EVENT: Final = "gen_ai.evaluation.result"
LANGWATCH_EVALUATION_EVENT: Final = "langwatch.evaluation.custom"
EXCEPTION_EVENT: Final = "exception"
