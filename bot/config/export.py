"""The settings of where Hark's own figures go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import unquote

import httpx
from pydantic import Field, SecretStr, field_validator

from bot.config.section import Section
from traces.errors import BadConfig

_Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,99}$")]


class ExportSettings(Section):
    """Where Hark's own signals, vitals and alerts are sent: any receiver of OTLP over HTTP. Without an address, nowhere."""

    otlp_endpoint: str | None = Field(
        default=None,
        description="Address that takes OTLP metrics in protobuf.",
        examples=["https://otlp.example.com/v1/metrics"],
    )
    otlp_logs_endpoint: str | None = Field(
        default=None,
        description="Address that takes OTLP logs: each change of an alert is an event hark.alert.",
        examples=["https://otlp.example.com/v1/logs"],
    )
    headers_env: _Variable | None = Field(
        default=None,
        description="Environment variable with the headers to send, as in OTEL_EXPORTER_OTLP_HEADERS: name=value,name=value.",
        examples=["OTLP_HEADERS"],
    )
    every_s: float = Field(default=60.0, ge=5, le=3_600, description="Seconds between two exports.")
    allow_private: bool = Field(default=False, description="Allow an address that is not public, e.g. a collector's.")

    @field_validator("otlp_endpoint", "otlp_logs_endpoint")
    @classmethod
    def _is_a_url(cls, said: str | None) -> str | None:
        try:
            url = httpx.URL(said or "https://x")
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError(f"{(said or '')[:80]!r} is not a URL; write it like https://otlp.example.com/v1/metrics")
        return said


def headers_of(settings: ExportSettings, environment: Mapping[str, str]) -> dict[str, SecretStr]:
    """The headers that the environment holds.

    Raises:
        BadConfig: The variable is not set, or not written as name=value.
    """
    if settings.headers_env is None:
        return {}
    said = environment.get(settings.headers_env, "").strip()
    if not said:
        raise BadConfig([f"export.headers_env: {settings.headers_env} is not set"])
    found = {}
    for pair in said.split(","):
        name, equals, value = pair.partition("=")
        name, value = unquote(name.strip()), unquote(value.strip())
        if not equals or not name or not _is_header(name) or not _is_header(value):
            raise BadConfig([f"export.headers_env: {settings.headers_env} is not written as name=value,name=value"])
        found[name.lower()] = SecretStr(value)
    return found


def _is_header(text: str) -> bool:
    return text.isascii() and text.isprintable()
