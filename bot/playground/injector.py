"""Does what people do in Slack, as real signed requests to the app's ordinary endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from bot.playground import payloads
from bot.playground.acknowledgements import Answer, follow, show
from bot.playground.elements import find_element, missing_answers, state_values
from bot.playground.people import Channel, User
from bot.playground.posts import Post
from bot.playground.refusal import Refusal
from bot.playground.response_urls import ResponseUrl
from bot.playground.surfaces import View
from bot.playground.workspace import Workspace
from traces.clock import Clock, SystemClock
from traces.errors import BadInput

ACK_LIMIT_S = 3.0


class Injector:
    """Sends what people do to the app.

    Args:
        workspace: Where they do it.
        endpoint: The app's Slack endpoint, e.g. ``http://127.0.0.1:8787/slack/events``.
        signing_secret: The app's; every request is signed with it.
        client: Sends the requests; who makes it closes it.
        clock: For the signature, which apps compare with the machine's clock.
        ack_limit_s: How long the app may take; Slack allows three seconds.
    """

    def __init__(
        self,
        workspace: Workspace,
        endpoint: str,
        signing_secret: str,
        client: httpx.Client,
        *,
        clock: Clock | None = None,
        ack_limit_s: float = ACK_LIMIT_S,
    ) -> None:
        self.workspace = workspace
        self._endpoint = endpoint
        self._signing_secret = signing_secret
        self._client = client
        self._clock = clock or SystemClock()
        self._ack_limit_s = ack_limit_s

    def click(
        self,
        channel: str,
        ts: str,
        action_id: str,
        value: Any = None,
        *,
        user: str,
        block_id: str = "",
        state: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Press a button or choose an option in a message.

        ``value`` is the option's, a list where several can be chosen, or tells buttons with the same ``action_id``
        apart; ``state`` is what the message's other inputs hold, as for :meth:`submit`.

        Raises:
            BadInput: When the person sees no such message, element or option.
        """
        person, post = self._user(user), self._post(channel, ts, user)
        message = post.as_slack(include_metadata=True)
        element = find_element(post.content.blocks, action_id, block_id=block_id, value=value)
        issued = self.workspace.response_urls.issue(post.channel, user, ts=post.ts, thread_ts=post.thread_ts)
        fields: dict[str, Any] = {
            "container": payloads.message_container(post.channel, message, is_ephemeral=bool(post.only_for)),
            "channel": self._channel_field(post.channel),
            "response_url": self._response_url(issued),
            "state": {"values": state_values(post.content.blocks, state or {})},
            "actions": [self._action(element.block_id, action_id, element.chosen(value))],
        }
        if not post.only_for:
            fields["message"] = message
        return self._interact("block_actions", person, trigger=True, **fields)

    def click_view(
        self,
        view_id: str,
        action_id: str,
        value: Any = None,
        *,
        user: str,
        block_id: str = "",
        state: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Press a button or choose an option in a modal or on the App Home.

        Raises:
            BadInput: When the person sees no such view, element or option.
        """
        person, view = self._user(user), self._view(view_id, user)
        blocks = view.definition.get("blocks", [])
        element = find_element(blocks, action_id, block_id=block_id, value=value)
        return self._interact(
            "block_actions",
            person,
            trigger=True,
            container={"type": "view", "view_id": view_id},
            view=view.as_slack(state_values(blocks, state or {})),
            actions=[self._action(element.block_id, action_id, element.chosen(value))],
        )

    def submit(self, view_id: str, values: Mapping[str, Any], user: str) -> Answer:
        """Submit a modal; what the app answers (errors, update, push, clear) is done.

        ``values`` is what was filled in, as ``{action_id: value}`` or ``{block_id: {action_id: value}}``.

        Raises:
            BadInput: When the person has no such modal open, or an option is not in it.
        """
        person, view = self._user(user), self._view(view_id, user)
        blocks = view.definition.get("blocks", [])
        filled = state_values(blocks, values)
        if missing := missing_answers(blocks, filled):
            return Answer(0, errors=missing)
        answer = self._interact("view_submission", person, trigger=True, view=view.as_slack(filled), response_urls=[])
        return follow(self.workspace, view, answer) if answer.is_ok else answer

    def close(self, view_id: str, user: str, *, everything: bool = False) -> Answer:
        """Close a modal, or all of them; the app is told if it asked to be.

        Raises:
            BadInput: When the person has no such modal open.
        """
        person, view = self._user(user), self._view(view_id, user)
        self.workspace.surfaces.close(view_id, everything=everything)
        if not view.definition.get("notify_on_close"):
            return Answer(200)
        return self._interact("view_closed", person, view=view.as_slack(), is_cleared=everything)

    def command(self, command: str, text: str, user: str, channel: str) -> Answer:
        """Run a slash command; the answer shows in the channel, to its user only unless it is ``in_channel``.

        Raises:
            BadInput: When there is no such user or channel.
        """
        person, place = self._user(user), self._channel(channel)
        issued = self.workspace.response_urls.issue(place.channel_id, user)
        fields = {
            "command": command,
            "text": text,
            "response_url": self._response_url(issued),
            "trigger_id": self.workspace.surfaces.issue_trigger(user),
        }
        answer = self._send(command, user, payloads.FORM, payloads.command_body(fields, person, place))
        return show(self.workspace, issued, answer) if answer.is_ok else answer

    def shortcut(self, callback_id: str, user: str) -> Answer:
        """Run a global shortcut."""
        return self._interact("shortcut", self._user(user), trigger=True, callback_id=callback_id, action_ts=self._ts())

    def message_shortcut(self, callback_id: str, channel: str, ts: str, user: str) -> Answer:
        """Run a shortcut on a message.

        Raises:
            BadInput: When the person sees no such message.
        """
        person, post = self._user(user), self._post(channel, ts, user)
        issued = self.workspace.response_urls.issue(post.channel, user, thread_ts=post.thread_ts)
        return self._interact(
            "message_action",
            person,
            trigger=True,
            callback_id=callback_id,
            action_ts=self._ts(),
            message_ts=post.ts,
            channel=self._channel_field(post.channel),
            message=post.as_slack(),
            response_url=self._response_url(issued),
        )

    def open_home(self, user: str) -> Answer:
        """Look at the App Home."""
        view = self.workspace.surfaces.home(self._user(user).user_id)
        opened: dict[str, Any] = {"type": "app_home_opened", "user": user, "channel": f"D{user[1:]}", "tab": "home"}
        return self.event(opened | ({"view": view.as_slack()} if view else {}))

    def event(self, event: Mapping[str, Any], *, event_id: str = "", retry_num: int = 0) -> Answer:
        """Deliver an event; with ``event_id`` and ``retry_num`` deliver one again, as Slack does."""
        at_s = int(self.workspace.revisions.seconds())
        body = payloads.event_body(
            {**event, "event_ts": self._ts()}, event_id or self.workspace.revisions.next_id("Ev"), at_s
        )
        again = {"X-Slack-Retry-Num": str(retry_num), "X-Slack-Retry-Reason": "http_timeout"} if retry_num else {}
        return self._send(str(event.get("type")), str(event.get("user", "")), payloads.JSON, body, again)

    def verify_url(self) -> Answer:
        """Ask the app to prove that the endpoint is its own, as Slack does when it is configured."""
        challenge = self.workspace.revisions.next_id("", 24)
        answer = self._send("url_verification", "", payloads.JSON, payloads.url_verification_body(challenge))
        if answer.is_ok and challenge not in answer.text:
            return Answer(answer.status, answer.text, "The endpoint did not answer with the challenge.")
        return answer

    def _interact(self, kind: str, person: User, *, trigger: bool = False, **fields: Any) -> Answer:
        if trigger:
            fields["trigger_id"] = self.workspace.surfaces.issue_trigger(person.user_id)
        body = payloads.interaction_body(payloads.interaction(kind, person, **fields))
        return self._send(kind, person.user_id, payloads.FORM, body)

    def _send(
        self, name: str, target: str, content_type: str, body: bytes, extra: Mapping[str, str] | None = None
    ) -> Answer:
        at_s = int(self._clock.now().timestamp())
        headers = {"Content-Type": content_type, **(extra or {})}
        headers |= payloads.signature_headers(self._signing_secret, at_s, body)
        try:
            response = self._client.post(self._endpoint, content=body, headers=headers, timeout=self._ack_limit_s)
        except httpx.TimeoutException:
            answer = Answer(0, problem="Hark did not answer within three seconds (operation_timeout).")
        except httpx.TransportError:
            answer = Answer(0, problem="Hark cannot be reached (connection_failed).")
        else:
            is_fine = response.status_code == httpx.codes.OK
            problem = "" if is_fine else f"Hark answered with HTTP {response.status_code} (http_error)."
            answer = Answer(response.status_code, response.text, problem)
        self.workspace.deliveries.add("to_app", name, target, answer.problem)
        return answer

    def _user(self, user: str) -> User:
        try:
            return self.workspace.user(user)
        except Refusal:
            raise BadInput(f"no user {user!r}", "user") from None

    def _channel(self, channel: str) -> Channel:
        try:
            return self.workspace.channel(channel)
        except Refusal:
            raise BadInput(f"no channel {channel!r}", "channel") from None

    def _post(self, channel: str, ts: str, user: str) -> Post:
        try:
            post = self.workspace.posts.find(self._channel(channel).channel_id, ts)
        except Refusal:
            raise BadInput(f"no message {ts!r} in {channel}", "ts") from None
        if post.only_for not in ("", user):
            raise BadInput(f"{user} does not see message {ts!r}", "ts")
        return post

    def _view(self, view_id: str, user: str) -> View:
        try:
            view = self.workspace.surfaces.find(view_id)
        except Refusal:
            raise BadInput(f"no view {view_id!r} is open", "view_id") from None
        if view.user != user:
            raise BadInput(f"{user} does not see view {view_id!r}", "view_id")
        return view

    def _action(self, block_id: str, action_id: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
        return {"action_id": action_id, "block_id": block_id, **chosen, "action_ts": self._ts()}

    def _channel_field(self, channel: str) -> dict[str, str]:
        place = self._channel(channel)
        return {"id": place.channel_id, "name": "directmessage" if place.im_user else place.name}

    def _response_url(self, issued: ResponseUrl) -> str:
        return f"{self.workspace.url}/response/{issued.key}"

    def _ts(self) -> str:
        return self.workspace.revisions.next_ts()
