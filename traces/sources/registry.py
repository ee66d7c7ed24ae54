"""Which trace stores can be polled, and what each needs to be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal, get_args

from traces.errors import BadInput
from traces.sources import braintrust, datadog, helicone, langfuse, langsmith, langwatch, opik
from traces.sources.base import Source
from traces.sources.braintrust import BraintrustSource
from traces.sources.datadog import DatadogSource
from traces.sources.helicone import HeliconeSource
from traces.sources.langfuse import LangfuseSource
from traces.sources.langsmith import LangSmithSource
from traces.sources.langwatch import LangWatchSource
from traces.sources.mlflow import MlflowSource
from traces.sources.opik import OpikSource
from traces.sources.phoenix import PhoenixSource
from traces.urlguard import GuardedClient

Kind = Literal["braintrust", "datadog", "helicone", "langfuse", "langsmith", "langwatch", "mlflow", "opik", "phoenix"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class _Product:
    """A kind of store.

    Attributes:
        make: Builds the source.
        cloud: Where its cloud is; empty for what people run themselves.
        key: What its key looks like; empty where it can do without one.
        has_project: Whether what is read is a project that the settings name, not the one that the key belongs to.
    """

    make: Callable[..., Source]
    cloud: str = ""
    key: str = ""
    has_project: bool = True


_PRODUCTS: Final[Mapping[Kind, _Product]] = {
    "braintrust": _Product(BraintrustSource, braintrust.CLOUD, "sk-…"),
    "datadog": _Product(DatadogSource, datadog.CLOUD, "<API key>:<application key>"),
    "helicone": _Product(HeliconeSource, helicone.CLOUD, "sk-helicone-…"),
    "langfuse": _Product(LangfuseSource, langfuse.CLOUD, "pk-lf-…:sk-lf-…", has_project=False),
    "langsmith": _Product(LangSmithSource, langsmith.CLOUD, "lsv2_…"),
    "langwatch": _Product(LangWatchSource, langwatch.CLOUD, "sk-lw-…"),
    "mlflow": _Product(MlflowSource),
    "opik": _Product(OpikSource, opik.CLOUD),
    "phoenix": _Product(PhoenixSource),
}
_PAIRS: Final = frozenset({"datadog", "langfuse"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSetup:
    """What a person says of a source. ``url`` is empty for the vendor's cloud, ``api_key`` where there is none."""

    name: str
    kind: Kind
    url: str = ""
    project: str = "default"
    api_key: str = field(default="", repr=False)
    first: timedelta = timedelta(days=1)


def url_of(kind: Kind, url: str = "") -> str:
    """Where a source is asked.

    Raises:
        BadInput: When no URL is given for a store that has no cloud, or it is none.
    """
    chosen = url or _PRODUCTS[kind].cloud
    if not chosen:
        raise BadInput(f"is missing: where is {kind}? Write it like https://{kind}.example.com", "url")
    if not chosen.startswith(("http://", "https://")):
        raise BadInput(f"{chosen[:80]!r} is not a URL; write it like https://{kind}.example.com", "url")
    return chosen.rstrip("/")


def source_of(setup: SourceSetup, client: GuardedClient) -> Source:
    """The source that a person set up.

    Raises:
        BadInput: When something is missing; the error names the setting.
    """
    product = _PRODUCTS[setup.kind]
    if product.key and not setup.api_key:
        raise BadInput(f"is missing: {setup.kind} needs a key; name the variable that holds it", "api_key_env")
    if setup.kind in _PAIRS and not all(setup.api_key.partition(":")):
        raise BadInput(f"must name a variable that holds two keys as {product.key}", "api_key_env")
    fields: dict[str, Any] = {"project": setup.project} if product.has_project else {}
    return product.make(
        name=setup.name,
        url=url_of(setup.kind, setup.url),
        client=client,
        api_key=setup.api_key,
        first=setup.first,
        **fields,
    )
