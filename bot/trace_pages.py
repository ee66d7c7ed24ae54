"""Where a trace store shows a trace to people: an address made from the template of its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from traces.errors import BadInput
from traces.sources.registry import url_of
from traces.store import Tx

if TYPE_CHECKING:
    # The settings themselves are checked with parse_trace_page.
    from bot.config.settings import SourceSettings

_FIELDS: Final = ("trace_id", "target", "project", "url")
_KNOWN: Final[Mapping[str, str]] = {
    "langfuse": "{url}/trace/{trace_id}",
    "phoenix": "{url}/redirects/traces/{trace_id}",
}
"""Stores that lead from a trace id to its page without being told organisation or project."""
_TRACES_AT_MOST: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage:
    """A trace's page in the store that ``source`` names."""

    source: str
    url: str


class TracePages:
    """The pages of traces in the stores that are polled."""

    def __init__(self, sources: Sequence[SourceSettings] = ()) -> None:
        self._sources = {source.name: source for source in sources if _template(source)}

    @property
    def are_any(self) -> bool:
        """Whether any store shows its traces to people."""
        return bool(self._sources)

    def of(self, tx: Tx, trace_ids: Sequence[str]) -> list[TracePage]:
        """The pages of these traces, the newest trace first; empty where no store is known to show them."""
        newest = list(dict.fromkeys(reversed(trace_ids)))[:_TRACES_AT_MOST]
        targets = tx.origins.targets(newest) if newest and self._sources else {}
        return [
            TracePage(source=name, url=page_url(source, trace_id, targets[name, trace_id]))
            for trace_id in newest
            for name, source in self._sources.items()
            if (name, trace_id) in targets
        ]


def page_url(source: SourceSettings, trace_id: str, target: str | None) -> str:
    """The address of a trace's page; what is put into the template is quoted."""
    values = {"trace_id": trace_id, "target": target or trace_id, "project": source.project}
    quoted = {name: quote(value, safe="") for name, value in values.items()}
    return _template(source).format(url=url_of(source.kind, source.url or ""), **quoted)


def _template(source: SourceSettings) -> str:
    return source.trace_page if source.trace_page is not None else _KNOWN.get(source.kind, "")


def parse_trace_page(template: str) -> str:
    """The template as it was written; empty for no links.

    Raises:
        BadInput: It is not a web address, or holds a field that there is none of.
    """
    if not template:
        return template
    try:
        names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise BadInput(f"{template[:80]!r} has a brace without its fellow") from error
    if unknown := names - set(_FIELDS):
        raise BadInput(f"{min(unknown)!r} is not one of {', '.join(_FIELDS)}")
    parts = urlsplit(template.replace("{url}", "https://example.com"))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadInput(
            f"{template[:80]!r} is not a web address; write it like https://traces.example.com/t/{{trace_id}}"
        )
    return template
