"""Notices conversations that are unlike those of the weeks before, and what they have in common."""

from alerts.drift.reference import Reference, Side
from alerts.drift.topics import Topic, TopicBook, clusters

__all__ = ["Reference", "Side", "Topic", "TopicBook", "clusters"]
