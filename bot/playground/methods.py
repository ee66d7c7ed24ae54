"""The Web API methods that the double knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bot.playground import methods_chat, methods_conversations, methods_files, methods_views
from bot.playground.call import Call

Method = Callable[[Call], dict[str, Any]]

METHODS: Final[Mapping[str, Method]] = {
    "api.test": methods_conversations.api_test,
    "auth.test": methods_conversations.auth_test,
    "blocks.validate": methods_views.validate,
    "chat.delete": methods_chat.delete,
    "chat.getPermalink": methods_chat.get_permalink,
    "chat.postEphemeral": methods_chat.post_ephemeral,
    "chat.postMessage": methods_chat.post_message,
    "chat.update": methods_chat.update,
    "conversations.history": methods_conversations.history,
    "conversations.info": methods_conversations.info,
    "conversations.list": methods_conversations.list_conversations,
    "conversations.open": methods_conversations.open_conversation,
    "conversations.replies": methods_conversations.replies,
    "files.completeUploadExternal": methods_files.complete_upload,
    "files.getUploadURLExternal": methods_files.get_upload_url,
    "files.info": methods_files.info,
    "users.info": methods_conversations.user_info,
    "users.list": methods_conversations.list_users,
    "users.lookupByEmail": methods_conversations.user_by_email,
    "views.open": methods_views.open_view,
    "views.publish": methods_views.publish,
    "views.push": methods_views.push,
    "views.update": methods_views.update,
}
