"""The taxonomy in Slack: everybody with a role may read it, admins change it."""

from __future__ import annotations

import logging
from typing import Final

from slack_bolt import App
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.reviewing.taxonomy import Draft, Entry, Taxonomy
from bot.slack.access import Person, Role
from bot.slack.blocks import taxonomy as blocks
from bot.slack.blocks.surface import View
from bot.slack.blocks.taxonomy import merge_form, parse_form, suggested_form, taxonomy_view, word_form
from bot.slack.blocks.tokens import Token, parse_token, ref_of
from bot.slack.listening.base import Body, Edge, request_key
from traces.errors import BadInput

_LOG = logging.getLogger(__name__)
_FORMS: Final = frozenset({blocks.RENAME, blocks.TAKE, blocks.MERGE})

ACTIONS = (blocks.ADD, blocks.WORD, blocks.SUGGESTION, blocks.PREVIOUS, blocks.NEXT)


class TaxonomyListeners:
    """The windows on the taxonomy."""

    def __init__(self, edge: Edge, taxonomy: Taxonomy) -> None:
        self._edge = edge
        self._taxonomy = taxonomy

    def register(self, app: App) -> None:
        app.action(blocks.ADD)(self._edge.on_click(Role.ADMIN, self._add))
        app.action(blocks.WORD)(self._edge.on_click(Role.ADMIN, self._word))
        app.action(blocks.SUGGESTION)(self._edge.on_click(Role.ADMIN, self._suggestion))
        for action_id in (blocks.PREVIOUS, blocks.NEXT):
            app.action(action_id)(self._edge.on_click(Role.VIEWER, self._turn))
        app.view(blocks.FORM_CALLBACK)(self._edge.on_submit(Role.ADMIN, self._saved))
        app.view(blocks.MERGE_CALLBACK)(self._edge.on_submit(Role.ADMIN, self._merged))

    def open(self, body: Body, person: Person) -> None:
        """Open the taxonomy for who asked with a command or a button.

        Raises:
            Denied: The person has no role.
        """
        self._edge.access.require(Role.VIEWER, person)
        self._edge.show(body, lambda: self.window(person))

    def window(self, person: Person, page: int = 1) -> View:
        """The taxonomy as this person may see it."""
        may_edit = self._edge.access.role_of(person) is Role.ADMIN
        entries = self._taxonomy.read()
        suggested = self._taxonomy.suggestions.read([entry.title for entry in entries]) if may_edit else ()
        return taxonomy_view(entries, may_edit=may_edit, page=page, suggested=suggested)

    def _turn(self, token: Token, person: Person, body: Body) -> None:
        self._edge.refill(body, lambda: self.window(person, _page(token)))

    def _add(self, _token: Token, _person: Person, body: Body) -> None:
        self._edge.show(body, lambda: word_form(Token(blocks.NEW), self._taxonomy.evaluators))

    def _word(self, token: Token, person: Person, body: Body) -> None:
        if token.rest in _FORMS:
            self._edge.show(body, lambda: self._form(token))
            return
        name, key = self._named(token.subject_id).name, request_key(body)
        if token.rest == blocks.RETIRE:
            self._taxonomy.retire(name, person, key)
        elif token.rest == blocks.RESTORE:
            self._taxonomy.restore(name, person, key)
        else:
            raise BadInput("this menu entry is not known")
        self._edge.refill(body, lambda: self.window(person, _page_of(body.get("view") or {})))

    def _suggestion(self, token: Token, person: Person, body: Body) -> None:
        suggestions = self._taxonomy.suggestions
        if token.rest == blocks.TAKE_SUGGESTED:
            suggested = suggestions.named(token.subject_id)
            self._edge.show(body, lambda: suggested_form(Token(blocks.NEW), self._taxonomy.evaluators, suggested))
            return
        if token.rest != blocks.TURN_DOWN:
            raise BadInput("this menu entry is not known")
        suggestions.turn_down(token.subject_id, person, request_key(body))
        self._edge.refill(body, lambda: self.window(person, _page_of(body.get("view") or {})))

    def _form(self, token: Token) -> View:
        entry = self._named(token.subject_id)
        if token.rest == blocks.MERGE:
            targets = [e for e in self._taxonomy.read() if e.is_offered and e.name != entry.name]
            return merge_form(token, entry, targets)
        return word_form(token, self._taxonomy.evaluators, entry)

    def _named(self, ref: str) -> Entry:
        found = next((entry for entry in self._taxonomy.read() if ref_of(entry.name) == ref), None)
        if found is None:
            raise BadInput("there is no such word any more")
        return found

    def _saved(self, view: Body, person: Person, key: str) -> View | None:
        sent = parse_form(view)
        about = next((name for name in self._taxonomy.evaluators if ref_of(name) == sent.chosen), None)
        if sent.chosen and about is None:
            raise BadInput("there is no such evaluator any more", "evaluator")
        draft = Draft(title=sent.draft.title, question=sent.draft.question, evaluator=about)
        if sent.token.subject_id == blocks.NEW:
            self._taxonomy.add(draft, person, key)
        elif sent.token.rest == blocks.TAKE:
            self._taxonomy.add(draft, person, key, name=self._named(sent.token.subject_id).name)
        else:
            self._taxonomy.rename(self._named(sent.token.subject_id).name, draft, person, key)
        return self._back(view, person)

    def _merged(self, view: Body, person: Person, key: str) -> View | None:
        sent = parse_form(view)
        name = self._named(sent.token.subject_id).name
        self._taxonomy.merge(name, self._named(sent.chosen).name, person, key)
        return self._back(view, person)

    def _back(self, view: Body, person: Person) -> View | None:
        """Draw the list behind the form anew, which the form gives way to; without a list the form becomes one."""
        before = view.get("previous_view_id")
        if not before:
            return self.window(person)
        try:
            self._edge.client.views_update(view_id=before, view=self.window(person).payload())
        except (SlackApiError, SlackClientError, OSError) as error:
            _LOG.warning("the taxonomy behind the form was not drawn anew: %s", type(error).__name__)
        return None


def _page(token: Token) -> int:
    if token.subject_id != "page" or not token.rest.isascii() or not token.rest.isdigit():
        raise BadInput("not a page of the taxonomy", "value")
    return int(token.rest)


def _page_of(view: Body) -> int:
    return _page(parse_token(str(view.get("private_metadata") or "")))
