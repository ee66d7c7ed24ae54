"""Stands by with everything imported; for each line of JSON on its standard input it forks a life, or tells of one.

A line ``start`` is answered with the pid, ``look`` with 0 while the process lives and 1 afterwards, ``wait`` with the exit
code once it has ended.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from typing import Any

import bot.app
import bot.cli.run
import bot.http.receiver
import traces.store.engine
from bot.cli import main

IMPORTED = (bot.app, bot.cli.run, bot.http.receiver, traces.store.engine)


def live(asked: dict[str, Any]) -> None:
    """Be ``hark`` with these arguments."""
    log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number, target in ((0, nowhere), (1, log), (2, log)):
        os.dup2(target, number)
    if asked["crash_at"]:
        os.environ["HARK_CRASH_AT"] = asked["crash_at"]
    sys.argv = ["hark", *asked["arguments"]]
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stderr.flush()
        os._exit(code)


def answer(asked: dict[str, Any], ended: dict[int, int]) -> int:
    if asked["do"] == "start":
        if (pid := os.fork()) == 0:
            live(asked)
        return pid
    pid = asked["pid"]
    if pid not in ended:
        found, status = os.waitpid(pid, 0 if asked["do"] == "wait" else os.WNOHANG)
        if found:
            ended[pid] = os.waitstatus_to_exitcode(status)
    return ended[pid] if asked["do"] == "wait" else int(pid in ended)


def serve() -> None:
    gc.freeze()
    ended: dict[int, int] = {}
    for line in sys.stdin:
        sys.stdout.write(f"{answer(json.loads(line), ended)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
