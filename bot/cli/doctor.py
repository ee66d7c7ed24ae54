"""``hark doctor``: is everything that Hark needs there, and what to do where it is not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.cli.setting import print_json
from bot.config.oauth import OAuthApp
from bot.config.routes import missing_keys
from bot.config.settings import Settings, load
from bot.jobs.hide import said_of_undecided
from bot.judges import unanswerable
from bot.settings.chosen import Chosen
from bot.slack.blocks.figures import counted
from bot.slack.client import client_of
from bot.slack.installed import SealedInstallations
from bot.wiring.evaluators import evaluators_of
from traces.clock import SystemClock
from traces.encryption import cipher_of
from traces.errors import BadConfig, HarkError
from traces.store import open_store

_PROBLEM_FOUND = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, and what was found or what to do."""

    name: str
    is_well: bool
    text: str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(*, as_json: bool) -> None:
    """Check settings, database, evaluators, Slack and the keys of judges and receivers; exits with 1 when something needs a hand.

    \b
    Example: hark doctor
    """
    findings = list(_examine())
    if as_json:
        print_json([{"name": f.name, "ok": f.is_well, "text": f.text} for f in findings])
    else:
        for f in findings:
            click.echo(f"{'✓' if f.is_well else '✗'} {f.name:<12} {f.text}")
    if not all(f.is_well for f in findings):
        sys.exit(_PROBLEM_FOUND)


def _examine() -> Iterator[Finding]:
    try:
        settings = load(os.environ)
    except BadConfig as error:
        yield from (Finding("settings", False, mistake) for mistake in error.mistakes)
        return
    yield Finding("settings", True, f"read from {settings.origin}")
    database = _looked_at("database", _database, settings)
    yield database
    if database.is_well:
        yield _looked_at("in Slack", _set_in_slack, settings)
    for name, look in (("evaluators", _evaluators), ("slack", _slack)):
        yield _looked_at(name, look, settings)
    yield from (Finding("judges", False, line) for line in unanswerable(settings.judges))
    yield from (Finding("receivers", False, line) for line in missing_keys(settings.receivers, os.environ))


def _looked_at(name: str, look: Callable[[Settings], str], settings: Settings) -> Finding:
    try:
        return Finding(name, True, look(settings))
    except HarkError as error:
        return Finding(name, False, str(error))


def _database(settings: Settings) -> str:
    store = open_store(settings.database_url, seal=settings.secrets.seal)
    try:
        sealed = "under HARK_ENCRYPTION_KEY" if store.is_sealed else "in clear"
        days = settings.retention.raw_days
        until = f"for {days:g} days" if days else "until they are evaluated"
        with store.read() as tx:
            undecided = 0 if settings.retention.is_about_words else tx.words.undecided(SystemClock().now())
            if undecided:
                raise HarkError(said_of_undecided(undecided))
            return (
                f"{store.location}, {tx.conversations.count():,} conversations, their words kept {sealed}, {until}; "
                f"{tx.words.kept():,} hold all words"
            )
    finally:
        store.close()


def _set_in_slack(settings: Settings) -> str:
    """What wins over the file."""
    store = open_store(settings.database_url, settings.workspace, settings.secrets.seal)
    try:
        chosen = Chosen(settings, store)
        with store.read() as tx:
            made = [choice.name for choice in tx.choices.current().values() if choice.body is not None]
            problems = chosen.problems(tx)
    finally:
        store.close()
    if problems:
        raise HarkError("; ".join(problems))
    return f"wins over the file, see hark settings: {', '.join(made)}" if made else "nothing is set there"


def _evaluators(settings: Settings) -> str:
    return ", ".join(e.name for e in evaluators_of(settings))


def _slack(settings: Settings) -> str:
    if settings.secrets.oauth is not None:
        return _installed(settings, settings.secrets.oauth)
    client = client_of(settings)
    if client is None:
        return "no tokens: nothing is posted; set SLACK_BOT_TOKEN and SLACK_APP_TOKEN to connect"
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        raise HarkError(f"Slack refuses the token ({error.response['error']}); install the app again") from error
    except (SlackClientError, OSError) as error:
        raise HarkError(
            f"Slack cannot be reached ({type(error).__name__}); check SLACK_API_URL and the network"
        ) from error
    transport = {"socket": "Socket Mode", "http": "HTTP", "none": "posting only: no SLACK_APP_TOKEN"}[
        settings.transport
    ]
    return f"{answer.get('team', 'workspace')} as {answer.get('user', 'bot')}, {transport}"


def _installed(settings: Settings, app: OAuthApp) -> str:
    """How many workspaces have installed Hark; their tokens are opened, and shown to nobody."""
    store = open_store(settings.database_url, seal=settings.secrets.seal)
    installed = SealedInstallations(store, cipher_of(app.encryption_key.get_secret_value()), SystemClock())
    try:
        with store.across() as everywhere:
            active = [found for found in everywhere.installations().values() if found.is_active]
        for found in active:
            installed.opened(found)
    finally:
        store.close()
    return f"{counted(len(active), 'workspace')} installed, over HTTP; others install at /slack/install"
