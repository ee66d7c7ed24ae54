"""From spans, in whatever vendor's attributes, to conversations."""

from traces.normalise.conversation import conversation_id_of, conversation_of, merged, own_conversation_id
from traces.normalise.kept import KEPT
from traces.normalise.telling import told_of
from traces.normalise.told import Told

__all__ = [
    "KEPT",
    "Told",
    "conversation_id_of",
    "conversation_of",
    "merged",
    "own_conversation_id",
    "told_of",
]
