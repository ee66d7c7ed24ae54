"""Whose conversation it is, and what stands beside it: application, environment, release, prompt, metadata."""

from __future__ import annotations

from typing import Final

from traces.normalise.mapping.names import Names

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
    "lmnr.association.properties.session_id",
    "genkit:sessionId",
    "braintrust.metadata#session_id",
    "braintrust.metadata#thread_id",
    "braintrust.metadata#conversation_id",
    "langwatch.thread.id",
    "mastra.metadata.threadId",
    "mastra.metadata.sessionId",
    "conversation_id",
    "session_id",
)

CONVERSATION_ID_OF_RESOURCE: Final[Names] = (
    "langfuse.session.id",
    "session.id",
    "gen_ai.conversation.id",
    "conversation.id",
)
"""Where no span names the conversation: of a process that lives for one, such as a voice agent or a coding agent."""

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
    "lmnr.association.properties.user_id",
    "braintrust.metadata#user_id",
    "langwatch.user.id",
    "mastra.metadata.userId",
    "user_id",
)

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
    "lmnr.association.properties.metadata.",
    "mastra.metadata.",
)
METADATA_JSON: Final[Names] = ("metadata",)
