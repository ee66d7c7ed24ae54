"""The HTTP edge: size and signature gates, decoding, and one answer after the commit.

Async only as far as reading the body and waiting for the writer goes; everything that works is synchronous, in threads.
"""

from bot.http.receiver import Receiver

__all__ = ["Receiver"]
