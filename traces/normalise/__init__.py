"""From spans, in whatever vendor's attributes, to conversations."""

from traces.normalise.conversation import conversation_id_of, conversation_of, own_conversation_id

__all__ = ["conversation_id_of", "conversation_of", "own_conversation_id"]
