"""People by name, or as Slack names them; what somebody is called never makes a mention."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.blocks.people import person_text


def test_who_is_known_by_id_only_is_a_mention_and_who_has_a_name_is_called_by_it():
    assert person_text(None, "U0JONAS", 40) == "<@U0JONAS>"
    assert person_text("U0JONAS", "U0JONAS", 40) == "<@U0JONAS>"
    assert person_text("Jonas", "U0JONAS", 40) == "Jonas"


def test_nobody_is_mentioned_by_another_persons_name():
    assert person_text("U0MAYA", "U0JONAS", 40) == "U0MAYA"
    assert "<" not in person_text("<@U0MAYA>", "U0JONAS", 40)


@given(st.none() | st.text(), st.text() | st.sampled_from(["U0JONAS", "<!channel>", "U0J> <@U0MAYA", "U0JONAS\n"]))
def test_whatever_a_person_is_called_at_most_that_person_is_mentioned(name, user_id):
    mentions = re.findall(r"<[^>]*>", person_text(name, user_id, 40))
    assert mentions in ([], [f"<@{user_id}>"])
    assert not mentions or re.fullmatch("[A-Z0-9]+", user_id)
