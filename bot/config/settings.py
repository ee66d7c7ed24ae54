"""Settings: ``hark.toml`` and the environment, read once into frozen values; all mistakes are told at once.

Secrets come from the environment only, so that the file can be committed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator

from alerts.excluded import Excluded, parse_excluded
from bot.config.calibration import CalibrationSettings
from bot.config.choices import evaluator_mistakes
from bot.config.digest import DigestSettings
from bot.config.evaluators import EvaluatorSettings
from bot.config.export import ExportSettings
from bot.config.judges import JudgeSettings, JudgingSettings
from bot.config.keeping import HeartbeatSettings, RetentionSettings, heartbeat_in, words_kept_in_clear
from bot.config.log import LogSettings, log_in
from bot.config.mistakes import mistake_of
from bot.config.review import ReviewSettings
from bot.config.routes import QuietSettings, ReceiverName, ReceiverSettings, RouteSettings, unknown_receivers
from bot.config.rules import BoundSettings, ObjectiveSettings
from bot.config.section import Section
from bot.config.signals import SignalName, SignalSettings, mistakes_in
from bot.config.slack import Secrets, SlackSettings, channels_in, secrets_in
from bot.config.webhooks import WebhookSettings
from bot.trace_pages import parse_trace_page
from traces.errors import BadConfig, BadInput
from traces.quiet import QUIET
from traces.sources.registry import Kind as SourceKind
from traces.sources.registry import url_of
from traces.store import DEFAULT_WORKSPACE

DEFAULT_CONFIG = "hark.toml"
DEFAULT_PORT = 8787

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
_Share = Annotated[float, Field(ge=0, le=1)]


class ServerSettings(Section):
    """Where Hark listens."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=DEFAULT_PORT, ge=0, le=65_535, description="Port to listen on; 0 picks a free one.")
    require_keys: bool = Field(
        default=False, description="Ask for a key on 127.0.0.1 and ::1 as well; any other address always asks for one."
    )


class DatabaseSettings(Section):
    """Where Hark keeps what it knows."""

    url: SecretStr | None = Field(
        default=None,
        description="sqlite:///path or postgresql://user:password@host/name; "
        "default: hark.db in the user's data directory. HARK_DATABASE_URL wins.",
        examples=["postgresql://hark@localhost/hark"],
    )


class RoleSettings(Section):
    """Who may do what, by Slack user id. While all three are empty, every member of the workspace is a reviewer."""

    admins: tuple[str, ...] = Field(default=(), description="May do everything.")
    reviewers: tuple[str, ...] = Field(default=(), description="May label, acknowledge and resolve.")
    viewers: tuple[str, ...] = Field(default=(), description="May only look.")
    reveal: tuple[str, ...] = Field(
        default=(),
        description="May, besides admins, see a conversation without redaction; each time is noted in the audit trail.",
    )

    @property
    def are_configured(self) -> bool:
        return bool(self.admins or self.reviewers or self.viewers)


class ConversationSettings(Section):
    """When a conversation counts as over."""

    quiet_minutes: float | None = Field(
        default=None,
        ge=0,
        le=10_080,
        description="Minutes without a message after which a conversation has gone quiet; "
        "default: learned from the pauses of each application's users, 5 until enough were seen.",
        examples=[5.0],
    )

    @property
    def quiet(self) -> timedelta:
        """The time that is set, or the one until something is learned."""
        return QUIET if self.quiet_minutes is None else timedelta(minutes=self.quiet_minutes)


class SegmentSettings(Section):
    """How the traffic is cut."""

    keys: tuple[str, ...] = Field(
        default=(
            "application",
            "environment",
            "model",
            "provider",
            "prompt_version",
            "release",
            "scenario",
            "language",
        ),
        description="Metadata keys whose values are watched each on their own. With `topic` among them, conversations are "
        "placed in topics that are learned from what is said.",
    )
    max_values: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Values of one key that are kept apart; further ones count as 'other'.",
    )


class DetectSettings(Section):
    """How much evidence an alert takes."""

    timezone: str = Field(default="UTC", description="Time zone of the week's rhythm, e.g. Europe/Berlin.")
    weeks_between_false_alerts: float = Field(
        default=1.0,
        gt=0,
        le=520,
        description="Over all signals and segments, at most one false alert in so many weeks.",
    )
    history_weeks: int = Field(default=8, ge=1, le=52, description="Weeks of history that a baseline is learned from.")
    grace_minutes: float = Field(
        default=10.0, ge=0, le=1_440, description="Minutes after the end of an hour before it is tested."
    )

    excluded: tuple[str, ...] = Field(
        default=(),
        description="Holidays and other ranges that are neither tested nor learned, in that time zone: a day, "
        "2026-12-24/2026-12-27 (both included), or with times 2026-11-27T08:00/2026-11-27T20:00.",
    )

    @model_validator(mode="after")
    def _ranges_are_ranges(self) -> DetectSettings:
        try:
            _ = self.excluded_ranges
        except BadInput as error:
            raise ValueError(f"excluded: {error.message}") from error
        return self

    @property
    def excluded_ranges(self) -> tuple[Excluded, ...]:
        """What is left out, in order."""
        return tuple(sorted(parse_excluded(text, self.timezone) for text in self.excluded))

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is not a time zone; write one like Europe/Berlin") from error
        return name


class SourceSettings(Section):
    """A trace store that Hark polls, and into which labels are written back."""

    name: _Name = Field(description="Name of the source.", examples=["phoenix"])
    kind: SourceKind = Field(description="Which trace store it is.", examples=["phoenix"])
    url: str | None = Field(
        default=None,
        description="Base URL of its API; default: the vendor's cloud. MLflow and Phoenix have none.",
        examples=["https://phoenix.example.com"],
    )
    project: str = Field(
        default="default",
        min_length=1,
        max_length=255,
        description="Project to read: its name or id; of MLflow an experiment, of Datadog an ml_app, "
        "of Opik's cloud workspace/project.",
    )
    api_key_env: str | None = Field(
        default=None,
        description="Environment variable that holds its API key; Langfuse: public:secret, Datadog: API:application.",
        examples=["PHOENIX_API_KEY"],
    )
    every_s: float = Field(default=30.0, ge=1, le=86_400, description="Seconds between polls.")
    first_days: float = Field(default=1.0, gt=0, le=365, description="Days that the first poll reads back.")
    write_labels: bool = Field(default=True, description="Write reviewers' labels back to it.")
    allow_private: bool = Field(default=False, description="Allow an address that is not public, e.g. on loopback.")
    workspace: str = Field(
        default=DEFAULT_WORKSPACE,
        description="Workspace that its traces belong to, by team id, where several install Hark.",
    )
    trace_page: str | None = Field(
        default=None,
        description="Address at which people see a trace there, with {trace_id}, {target} (the store's own id), {project} "
        "and {url}; default: known for Langfuse and Phoenix, none for the others.",
        examples=["https://smith.langchain.com/o/my-org/projects/p/my-project/r/{target}"],
    )

    @field_validator("trace_page")
    @classmethod
    def _is_a_page(cls, template: str | None) -> str | None:
        try:
            return None if template is None else parse_trace_page(template)
        except BadInput as error:
            raise ValueError(error.message) from error

    @model_validator(mode="after")
    def _has_url(self) -> SourceSettings:
        try:
            url_of(self.kind, self.url or "")
        except BadInput as error:
            raise ValueError(error.message) from error
        return self


class FileSettings(Section):
    """Everything that ``hark.toml`` may hold."""

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    slack: SlackSettings = SlackSettings()
    roles: RoleSettings = RoleSettings()
    conversations: ConversationSettings = ConversationSettings()
    segments: SegmentSettings = SegmentSettings()
    evaluators: EvaluatorSettings = EvaluatorSettings()
    judges: tuple[JudgeSettings, ...] = Field(default=(), description="Criteria that an LLM judges.")
    judge: JudgingSettings = JudgingSettings()
    calibration: CalibrationSettings = CalibrationSettings()
    detect: DetectSettings = DetectSettings()
    signals: dict[SignalName, SignalSettings] = Field(default={}, description="Settings of single signals, by name.")
    slos: dict[_Name, ObjectiveSettings] = Field(default={}, description="Objectives, by name.")
    thresholds: dict[_Name, BoundSettings] = Field(default={}, description="Plain bounds, by name.")
    review: ReviewSettings = ReviewSettings()
    digest: DigestSettings = DigestSettings()
    routes: tuple[RouteSettings, ...] = Field(default=(), description="Ways that alerts take, in order.")
    quiet: QuietSettings = QuietSettings()
    receivers: dict[ReceiverName, ReceiverSettings] = Field(
        default={}, description="What is told of alerts besides Slack, by name."
    )
    webhooks: WebhookSettings = WebhookSettings()
    retention: RetentionSettings = RetentionSettings()
    heartbeat: HeartbeatSettings = HeartbeatSettings()
    export: ExportSettings = ExportSettings()
    log: LogSettings = LogSettings()
    sources: tuple[SourceSettings, ...] = Field(default=(), description="Trace stores to poll.")

    @model_validator(mode="after")
    def _signals_are_free(self) -> FileSettings:
        if mistakes := mistakes_in(self.signals):
            raise ValueError(mistakes[0])
        return self


class Settings(FileSettings):
    """The settings of one run."""

    secrets: Secrets = Secrets()
    slack_api_url: str | None = None
    heartbeat_url: SecretStr | None = None
    workspace: str = DEFAULT_WORKSPACE
    origin: str = "defaults"

    @property
    def database_url(self) -> str:
        if self.database.url is not None:
            return self.database.url.get_secret_value()
        return f"sqlite:///{Path(platformdirs.user_data_dir('hark')) / 'hark.db'}"

    @property
    def transport(self) -> Literal["socket", "http", "oauth", "none"]:
        """How Slack reaches Hark: with an app token over Socket Mode, with only a signing secret over HTTP.

        With neither, messages are posted but their buttons lead nowhere. ``oauth``: over HTTP, from several workspaces.
        """
        if self.secrets.oauth is not None:
            return "oauth"
        if self.secrets.bot_token is None:
            return "none"
        if self.secrets.app_token is not None:
            return "socket"
        return "http" if self.secrets.signing_secret is not None else "none"


ENVIRONMENT: Mapping[str, str] = {
    "SLACK_BOT_TOKEN": "Bot token (xoxb-…) that Hark posts with.",
    "SLACK_APP_TOKEN": "App-level token (xapp-…): Slack reaches Hark over Socket Mode.",
    "SLACK_SIGNING_SECRET": "Signing secret: without an app token, Slack reaches Hark at /slack/events.",
    "SLACK_CLIENT_ID": "With the next one: several workspaces install Hark, see workspaces.md.",
    "SLACK_CLIENT_SECRET": "The app's own secret, for that.",
    "HARK_ENCRYPTION_KEY": "32 random bytes in base64: their tokens and the words of conversations are stored under it; of several, newest first.",
    "SLACK_API_URL": "Base URL of the Slack API, for a proxy or a double of Slack.",
    "HARK_CONFIG": "Settings file in place of ./hark.toml.",
    "HARK_DATABASE_URL": "Database, in place of [database] url.",
    "HARK_WORKSPACE": "Workspace that commands are about, where there are several; default: default.",
    "HARK_KEY_PEPPER": "Secret that keys are hashed under, in place of the file beside the database.",
    "HARK_HEARTBEAT_URL": "Address of an uptime check that is told, at a fixed interval, that Hark is well.",
    "HARK_LOG_FORMAT": "How lines on standard error are written, text or json, in place of [log] format.",
    "HARK_ALERTS_CHANNEL": "Channel for alerts, in place of [slack] alerts_channel.",
    "HARK_REVIEW_CHANNEL": "Channel for reviews, in place of [slack] review_channel.",
}
"""Every environment variable that Hark reads."""


def load(environment: Mapping[str, str], directory: Path | None = None) -> Settings:
    """The settings from ``hark.toml`` (or ``HARK_CONFIG``) and the environment.

    Raises:
        BadConfig: Something in them is wrong; it lists every mistake with its key and the way out.
    """
    path, text = _file(environment, directory or Path.cwd())
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfig([f"{path}: not valid TOML: {error}"]) from error
    mistakes: list[str] = []
    file = _checked(content, str(path or "settings"), mistakes)
    unknown = [] if file is None else unknown_receivers(file.routes, file.receivers)
    in_clear = [] if file is None else words_kept_in_clear(file.retention, environment)
    mistakes += [f"{path or 'settings'}: {mistake}" for mistake in (*unknown, *evaluator_mistakes(content), *in_clear)]
    secrets = secrets_in(environment, mistakes)
    channels = channels_in(environment, mistakes)
    api_url = _api_url(environment, mistakes)
    heartbeat_url = heartbeat_in(environment, mistakes)
    log = log_in(environment, LogSettings() if file is None else file.log, mistakes)
    if mistakes or file is None:
        raise BadConfig(mistakes)
    values = {name: getattr(file, name) for name in FileSettings.model_fields}
    values["slack"], values["log"] = file.slack.model_copy(update=channels), log
    if url := environment.get("HARK_DATABASE_URL"):
        values["database"] = DatabaseSettings(url=SecretStr(url))
    return Settings(
        **values,
        secrets=secrets,
        slack_api_url=api_url,
        heartbeat_url=heartbeat_url,
        workspace=environment.get("HARK_WORKSPACE", "").strip() or DEFAULT_WORKSPACE,
        origin=str(path or "defaults"),
    )


def _file(environment: Mapping[str, str], directory: Path) -> tuple[Path | None, str]:
    named = environment.get("HARK_CONFIG")
    path = Path(named) if named else directory / DEFAULT_CONFIG
    try:
        return path, path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        if named:
            raise BadConfig([f"HARK_CONFIG: there is no file {path}; correct the path or unset HARK_CONFIG"]) from error
        return None, ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig([f"{path}: cannot be read: {error}"]) from error


def _checked(content: dict[str, Any], path: str, mistakes: list[str]) -> FileSettings | None:
    mistakes += [f"{path}: {mistake}" for kind in ("judges", "sources") for mistake in _twice(content, kind)]
    try:
        return FileSettings.model_validate(content)
    except ValidationError as error:
        mistakes += [f"{path}: {mistake_of(e, FileSettings)}" for e in error.errors()]
        return None


def _twice(content: Mapping[str, Any], kind: str) -> list[str]:
    tables = content.get(kind)
    names = [str(t.get("name")) for t in tables if isinstance(t, dict)] if isinstance(tables, list) else []
    twice = sorted({name for name in names if names.count(name) > 1})
    return [f"{kind}: the name {name!r} is given twice; names have to differ" for name in twice]


def _api_url(environment: Mapping[str, str], mistakes: list[str]) -> str | None:
    url = environment.get("SLACK_API_URL")
    if not url:
        return None
    if not url.startswith(("http://", "https://")):
        mistakes.append(f"SLACK_API_URL: {url!r} is not a URL; write it like http://127.0.0.1:9000/api/")
    return url if url.endswith("/") else f"{url}/"
