"""The life of an alert: whether it is told, where, how bad, and what becomes of it."""
