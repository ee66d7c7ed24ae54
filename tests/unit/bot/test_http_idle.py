"""Connections that are kept: by exporters from one export to the next, by balancers for a minute."""

from __future__ import annotations

from starlette.applications import Starlette

from bot.cli.run import server_of

EXPORTED_EVERY_S, KEPT_BY_BALANCERS_S = 5, 60


def test_a_connection_is_not_closed_while_those_who_send_still_count_on_it():
    kept_s = server_of(Starlette()).config.timeout_keep_alive
    assert kept_s > max(EXPORTED_EVERY_S, KEPT_BY_BALANCERS_S)
