"""People as mrkdwn: by the name that Hark knows, else as Slack names them."""

from __future__ import annotations

import re
from typing import Final

from bot.slack.text import escape

USER_ID: Final = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)


def person_text(name: str | None, user_id: str, limit: int) -> str:
    """Who it is; where only the Slack id is known, Slack shows the name itself.

    Args:
        name: A display name, or the id once more; ``None`` or empty where there is none.
        user_id: The Slack id; what labels were brought in with may be anything else.
        limit: Characters of a name that are shown.
    """
    if name and name != user_id:
        return escape(name, limit)
    return f"<@{user_id}>" if USER_ID.fullmatch(user_id) else escape(user_id, limit)
