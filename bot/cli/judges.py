"""``hark judges``: revisions of judges' criteria that labels suggest, and what people decide about them."""

from __future__ import annotations

from typing import Any, Final

import click

from bot.calibration.proposals import Proposals
from bot.cli.setting import one_printed, opened, print_json, say, settings
from bot.jobs.align import last_told
from bot.slack.access import Person
from bot.wiring.evaluators import criteria_of
from evaluators.judge.trial import Comparison, comparison_of
from traces.clock import format_time
from traces.errors import BadInput
from traces.store import Store, Tx
from traces.store.proposals import Proposal

_PERSON: Final = Person(user_id="command line", name="command line", team_id=None)
_SHORTEST: Final = 4


@click.group()
def judges() -> None:
    """Revisions of judges' criteria: what reviewers' disagreements suggest, tried on labels that were held out.

    \b
    Example: hark judges proposals
    """


@judges.command()
@click.option("--all", "everything", is_flag=True, help="Those that were decided, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def proposals(*, everything: bool, as_json: bool) -> None:
    """What waits for approval, both criteria side by side; and of each judge, what the last trial came to.

    \b
    Example: hark judges proposals --json
    """
    with opened() as (store, _), store.read() as tx:
        found = tx.proposals.every() if everything else tx.proposals.waiting()
        in_force = {one.proposal_id for one in tx.proposals.in_force().values()}
        told = {c.name: last_told(tx, c.name).told for c in criteria_of(settings())}
    if as_json:
        listed = [proposal_json(one) | {"in_force": one.proposal_id in in_force} for one in found]
        print_json({"proposals": listed, "judges": told})
        return
    for one in found:
        for line in _lines(one, is_in_force=one.proposal_id in in_force):
            click.echo(one_printed(line))
    for name, said in told.items():
        click.echo(f"{name}: {said or 'no trial yet: too few labels'}")
    if not told:
        say("no judge is set up that could learn")


@judges.command()
@click.argument("proposal")
def approve(*, proposal: str) -> None:
    """Have a judge asked in the proposed way from now on; a running Hark follows within seconds.

    \b
    Example: hark judges approve 3f1c
    """
    _decide(proposal, "approve")


@judges.command()
@click.argument("proposal")
def reject(*, proposal: str) -> None:
    """Turn a proposal down.

    \b
    Example: hark judges reject 3f1c
    """
    _decide(proposal, "reject")


@judges.command()
@click.argument("proposal")
def undo(*, proposal: str) -> None:
    """Go back to what the judge was asked before a proposal was approved.

    \b
    Example: hark judges undo 3f1c
    """
    _decide(proposal, "undo")


def _decide(begins: str, verb: str) -> None:
    with opened() as (store, clock):
        service = Proposals(store=store, clock=clock, criteria=criteria_of(settings()))
        chosen = _meant(store, begins)
        {"approve": service.approve, "reject": service.reject, "undo": service.undo}[verb](chosen.proposal_id, _PERSON)
        with store.read() as tx:
            say(_now(tx, chosen))


def _meant(store: Store, begins: str) -> Proposal:
    """The proposal whose id begins so."""
    if len(begins) < _SHORTEST:
        raise BadInput(f"write at least {_SHORTEST} characters of the id", "proposal")
    with store.read() as tx:
        found = [one for one in tx.proposals.every() if one.proposal_id.startswith(begins)]
    if len(found) != 1:
        which = "no proposal has an id that begins" if not found else "several proposals have ids that begin"
        raise BadInput(f"{which} with {begins!r}; hark judges proposals --all lists them", "proposal")
    return found[0]


def _now(tx: Tx, proposal: Proposal) -> str:
    in_force = tx.proposals.in_force().get(proposal.evaluator)
    version = proposal.before_version if in_force is None else in_force.version
    decided = tx.proposals.get(proposal.proposal_id) or proposal
    return f"{proposal.evaluator}: the proposal is {decided.state}; version {version} is asked"


def proposal_json(proposal: Proposal) -> dict[str, Any]:
    """A proposal as ``hark judges proposals --json`` prints it; rates from 0 to 1, bounded ones as ``[value, low, high]``."""
    report: dict[str, Any] = dict(proposal.report)
    return {
        "id": proposal.proposal_id,
        "evaluator": proposal.evaluator,
        "state": str(proposal.state),
        "created_at": format_time(proposal.created_at),
        "decided_by": proposal.decided_by or None,
        "decided_at": None if proposal.decided_at is None else format_time(proposal.decided_at),
        "version": proposal.version,
        "before_version": proposal.before_version,
        "guidance": proposal.guidance,
        "examples": [
            {"conversation_id": e.conversation_id, "verdict": e.verdict, "text": e.text} for e in proposal.examples
        ],
        **{name: report.get(name) for name in ("comparison", "problem", "before", "wrong", "wrong_total", "cost_usd")},
    }


def _lines(proposal: Proposal, *, is_in_force: bool) -> list[str]:
    report: dict[str, Any] = dict(proposal.report)
    found = comparison_of(report["comparison"])
    state = f"{proposal.state}, in force" if is_in_force else str(proposal.state)
    return [
        f"{proposal.proposal_id[:8]}  {proposal.evaluator}  {state}  {format_time(proposal.created_at)}",
        *_table(found),
        *(f"  told besides: {line}" for line in proposal.guidance.splitlines()),
        f"  shown besides: {len(proposal.examples)} examples",
        f"  hark judges approve {proposal.proposal_id[:8]}, or reject" if proposal.state == "proposed" else "",
    ]


def _table(found: Comparison) -> list[str]:
    rows = []
    for title, name in (("TPR", "tpr"), ("TNR", "tnr"), ("J", "informedness"), ("kappa", "kappa")):
        now, then = getattr(found.current, name), getattr(found.proposed, name)
        rows.append(f"  {title:<6} {_bounded(now):<22} -> {_bounded(then)}")
    rows.append(
        f"  right  {found.current.right} of {found.current.n} -> {found.proposed.right}; {found.mended} mended, "
        f"{found.spoilt} spoilt, p {found.p:.3g}"
    )
    return rows


def _bounded(figure: tuple[float, float, float] | None) -> str:
    return "–" if figure is None else "{:.2f} ({:.2f} to {:.2f})".format(*figure)
