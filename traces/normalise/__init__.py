"""From spans, in whatever vendor's attributes, to conversations."""

from traces.normalise.conversation import conversation_id_of, conversation_of, merged, own_conversation_id
from traces.normalise.telling import told_of
from traces.normalise.told import Told, read_back, written

__all__ = [
    "Told",
    "conversation_id_of",
    "conversation_of",
    "merged",
    "own_conversation_id",
    "read_back",
    "told_of",
    "written",
]
