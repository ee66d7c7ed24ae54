"""What deploy/ describes exists: its commands, roles, settings and paths are Hark's own."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from bot.cli.main import hark
from bot.config.settings import load
from bot.replicas.roles import EVERY_ROLE, roles_in

DEPLOY = Path(__file__).parents[3] / "deploy"
ROOT = DEPLOY.parent


def parsed(arguments):
    """The options of ``hark run`` in a list of arguments; raises where there are none such."""
    assert arguments[0] == "run"
    command = hark.commands["run"]
    return command.make_context("run", list(arguments[1:]), resilient_parsing=False).params


def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def kubernetes():
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))


def containers():
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]["containers"][0]
        for one in kubernetes()
        if one["kind"] == "Deployment"
    }


def test_compose_runs_every_role_by_commands_that_there_are():
    services = {name: service for name, service in compose()["services"].items() if "command" in service}
    assert [roles_in(parsed(service["command"])["said"]) for service in services.values()] == [
        {one} for one in services
    ]


def test_kubernetes_runs_every_role_by_commands_that_there_are():
    assert frozenset().union(*(roles_in(parsed(one["args"])["said"]) for one in containers().values())) == EVERY_ROLE


def test_probes_ask_for_paths_that_are_answered():
    for one in containers().values():
        for probe in ("livenessProbe", "readinessProbe"):
            if probe in one:
                assert one[probe]["httpGet"]["path"] in ("/healthz", "/readyz")
    assert "/healthz" in (DEPLOY / "Dockerfile").read_text()


def test_no_container_may_do_more_than_it_has_to():
    for one in containers().values():
        assert one["securityContext"]["readOnlyRootFilesystem"]
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert not one["securityContext"]["allowPrivilegeEscalation"]


def test_the_config_that_kubernetes_mounts_is_read(tmp_path):
    [config] = [one for one in kubernetes() if one["kind"] == "ConfigMap"]
    (tmp_path / "hark.toml").write_text(config["data"]["hark.toml"])
    assert load({}, tmp_path).server.require_keys


def test_the_unit_starts_a_command_that_there_is():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY / "hark.service")
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == "hark"
    assert parsed(arguments)["host"] is None


def test_the_image_is_made_of_what_the_repository_holds():
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [name for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for name in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert "--require-hashes" in text


@pytest.mark.parametrize("name", ["HARK_CONFIG", "HARK_DATABASE_URL", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_the_environment_is_the_documented_one(name):
    assert any(name in path.read_text() for path in DEPLOY.iterdir())
    assert name in (ROOT / "docs/configuration.md").read_text()


def test_the_collector_sends_to_paths_that_hark_serves():
    config = yaml.safe_load((DEPLOY / "collector.yaml").read_text())
    assert set(config["service"]["pipelines"]) == {"traces", "logs"}
    assert isinstance(hark, click.Group)
