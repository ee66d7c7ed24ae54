"""What a failed call of Slack's Web API means: whether it may heal, and whether Slack may have done it nevertheless."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPException
from socket import gaierror
from ssl import SSLCertVerificationError
from typing import Any, Final
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

CALL_FAILED: Final = (SlackApiError, SlackClientError, HTTPException, OSError)
"""Everything that a call of slack_sdk's client raises."""

_PERMANENT: Final = frozenset(
    {
        "access_denied", "account_inactive", "cannot_reply_to_message", "cant_update_message", "channel_not_found",
        "channel_type_not_supported", "edit_window_closed", "ekm_access_denied", "enterprise_is_restricted",
        "insufficient_scope", "invalid_arguments", "invalid_auth", "invalid_blocks", "invalid_blocks_format",
        "invalid_metadata_format", "invalid_metadata_schema", "is_archived", "is_inactive", "message_not_found",
        "messages_tab_disabled", "metadata_too_large", "missing_scope", "msg_blocks_too_long", "msg_too_long",
        "no_permission", "no_text", "not_allowed_token_type", "not_authed", "not_in_channel", "org_login_required",
        "restricted_action", "restricted_action_non_threadable_channel", "restricted_action_read_only_channel",
        "restricted_action_thread_locked", "restricted_action_thread_only_channel",
        "slack_connect_canvas_sharing_blocked", "slack_connect_file_link_sharing_blocked", "team_access_not_granted",
        "team_not_found", "thread_not_found", "token_expired", "token_revoked", "two_factor_setup_required",
        "unknown_method", "update_failed",
    }
)  # fmt: skip
_TOKEN_REFUSED: Final = frozenset(
    {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)  # fmt: skip
"""It is not the message that is refused: with another token it is taken."""
_MALFORMED: Final = frozenset({"invalid_attachments", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
# Slack's own words for both: "it's possible some aspect of the operation succeeded before the error was raised".
_DOUBTFUL: Final = frozenset({"fatal_error", "internal_error", "request_timeout"})
_CODE: Final = re.compile(r"[a-z0-9_]{1,80}", re.ASCII)
_NEVER_SENT: Final = (ConnectionRefusedError, gaierror, SSLCertVerificationError)


def code(error: Exception) -> str:
    """Slack's name for what is wrong; empty when there is none."""
    answer = getattr(error, "response", None)
    found = answer.get("error") if isinstance(getattr(answer, "data", answer), Mapping) and answer is not None else None
    # For an answer that is no JSON the SDK puts a sentence with the whole of it in the place of the code.
    return found if isinstance(found, str) and _CODE.fullmatch(found) else ""


def retry_after(error: Exception) -> timedelta | None:
    """How long Slack asks to be left alone."""
    headers: Mapping[str, Any] = getattr(getattr(error, "response", None), "headers", None) or {}
    for name, value in headers.items():
        if name.lower() == "retry-after" and str(value).isascii() and str(value).isdigit():
            return timedelta(seconds=int(value))
    return None


def is_permanent(error: Exception) -> bool:
    """Whether the same call will fail again, however often."""
    return code(error) in _PERMANENT


def is_token_refused(error: Exception) -> bool:
    """Whether it is the bot's token that Slack refuses, whatever it is asked."""
    return code(error) in _TOKEN_REFUSED


def is_malformed(error: Exception) -> bool:
    """Whether Slack refused how the message was made, so that its plain text may still be taken."""
    return code(error) in _MALFORMED


def is_doubtful(error: Exception) -> bool:
    """Whether Slack may have done what it was asked although there was no answer that says so."""
    if isinstance(error, SlackApiError):
        return code(error) in _DOUBTFUL or (retry_after(error) is None and not code(error))
    return not (isinstance(error, URLError) and isinstance(error.reason, _NEVER_SENT))


def is_timeout(error: Exception) -> bool:
    """Whether Slack may still be at work on what it was asked."""
    return isinstance(error.reason if isinstance(error, URLError) else error, TimeoutError)


def problem(error: Exception) -> str:
    """Why a call failed, in a few words, without anything of what was to be said."""
    if not isinstance(error, SlackApiError):
        reason = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
        return f"no answer from Slack ({type(reason).__name__})"
    status = getattr(error.response, "status_code", None)
    name = HTTPStatus(status).phrase if status in set(HTTPStatus) and status != HTTPStatus.OK else "unreadable"
    return f"Slack answered {code(error) or name}"
