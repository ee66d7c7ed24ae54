"""Slack's three-step file upload: ask for an address, send the bytes, say where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.playground.people import BOT_USER_ID
from bot.playground.refusal import Refusal
from bot.playground.revisions import Revisions

# What a browser may show in place; everything else is handed out as a download, so that a file cannot run as a page.
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file.

    Attributes:
        length: The size announced, in bytes.
        content: None until the bytes have come.
        channels: Where it was shared; empty until the upload is completed.
    """

    file_id: str
    key: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None
    is_complete: bool = False
    channels: tuple[str, ...] = ()

    @property
    def mimetype(self) -> str:
        start = self.content or b""
        return next((mime for magic, mime in _PICTURES if start.startswith(magic)), "application/octet-stream")

    def as_slack(self, workspace_url: str) -> dict[str, Any]:
        return {
            "id": self.file_id,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.mimetype,
            "filetype": self.mimetype.rpartition("/")[2] if self.mimetype.startswith("image/") else "binary",
            "size": self.length,
            "user": BOT_USER_ID,
            "url_private": f"{workspace_url}/files/{self.file_id}",
            "permalink": f"{workspace_url}/files/{self.file_id}",
            "channels": list(self.channels),
        }


@dataclass
class Uploads:
    """Every file, by id and by the key of its upload address."""

    revisions: Revisions
    _files: dict[str, File] = field(default_factory=dict)

    def announce(self, name: str, length: int) -> File:
        with self.revisions.lock:
            file = File(self.revisions.next_id("F"), self.revisions.next_id("", 24), name, length)
            self._files[file.file_id] = file
            return file

    def receive(self, key: str, content: bytes) -> File:
        """Take the bytes of an announced file.

        Raises:
            Refusal: ``file_not_found`` for an unknown address, ``file_upload_size_mismatch`` when it is not as announced.
        """
        with self.revisions.lock:
            file = next((f for f in self._files.values() if f.key == key and not f.is_complete), None)
            if file is None:
                raise Refusal("file_not_found")
            if len(content) != file.length:
                raise Refusal("file_upload_size_mismatch")
            return self._keep(replace(file, content=content))

    def complete(self, file_id: str, title: str, channel: str) -> File:
        """Make an uploaded file visible.

        Raises:
            Refusal: ``file_not_found`` when it was never announced or its bytes have not come.
        """
        with self.revisions.lock:
            file = self.find(file_id)
            if file.content is None:
                raise Refusal("file_not_found")
            channels = (channel,) if channel else ()
            return self._keep(replace(file, title=title, is_complete=True, channels=channels))

    def find(self, file_id: str) -> File:
        with self.revisions.lock:
            file = self._files.get(file_id)
        if file is None:
            raise Refusal("file_not_found")
        return file

    def missing_pictures(self, shown: Any) -> list[str]:
        """One line for every ``slack_file`` within ``shown`` that people could not see."""
        if isinstance(shown, Mapping):
            named = shown.get("slack_file")
            here = self._picture_problem(named) if isinstance(named, Mapping) else []
            return here + [line for part in shown.values() for line in self.missing_pictures(part)]
        if isinstance(shown, list | tuple):
            return [line for part in shown for line in self.missing_pictures(part)]
        return []

    def _picture_problem(self, named: Mapping[str, Any]) -> list[str]:
        file_id = str(named.get("id") or str(named.get("url") or "").rpartition("/")[2])
        with self.revisions.lock:
            file = self._files.get(file_id)
        return [] if file is not None and file.is_complete else [f"invalid slack file {file_id!r}"]

    def _keep(self, file: File) -> File:
        self._files[file.file_id] = file
        return file
