"""``docs/signals.md``: what is watched, and what counts as a change."""

from __future__ import annotations

from collections.abc import Collection

from alerts.own import NO_DATA, SILENCE, SOURCE_LAG, is_own
from alerts.signals import BAD_WHEN_HIGH, BUILT_IN, GOOD_WHEN_HIGH, signal_of_score
from bot.config.settings import FileSettings
from bot.docs.markdown import block, code, generated, page, table
from traces.model import Direction, Kind, Signal

_KINDS = {
    Kind.COUNT: "a count per hour",
    Kind.RATE: "a share of conversations",
    Kind.CONTINUOUS: "a typical size (a geometric mean)",
    Kind.SCORE: "a mean of scores",
    Kind.VALUE: "a value by the five minutes",
}
_WAYS = {Direction.UP: "a rise", Direction.DOWN: "a fall", Direction.BOTH: "either way"}
_INTRODUCTION = """
A signal is something measured of every conversation and added up by the hour: over all traffic, and for every value
of every segment key ({keys}). Each of these series is compared with its own baseline: what is usual at that hour of
the week, given how many conversations there were. An alert is opened when the evidence for a change, gathered over
hours, outweighs what chance brings about once in the configured time over all series together
([`detect.weeks_between_false_alerts`](configuration.md)).
"""
_EFFECTS = """
A change must be worth a person's time as well as real: it must pass both its smallest relative and its smallest
absolute effect. `hark.toml` can change these, the bad direction, and whether a signal raises alerts at all, under
`[signals.NAME]`.
"""
_SOURCES = """
`source_lag` is watched by the minute. A source is behind when its lag exceeds by both effects the longest one that it had
around this time on earlier days (on the same days of the week, once it is known for two weeks), and when so many traces
should have come meanwhile that chance leaves out all of them once in ten thousand times. So a client that rests at night
and on Sundays is left in peace, and a busy one is missed within half an hour. Hours in which Hark was not running say nothing, and
of a source that is known for less than two days nothing is said: no data is never zero. The alert names the source
(`source`), stands until it sends again, and is over then. `hark sources --forget NAME` ends it for a client that is gone for good.
`no_data` is the same of applications, by when their conversations ended; those that fall silent together with a source are
told by its alert alone. The signals measured by a fixed bound are of Hark itself: see [watching Hark](watching-hark.md).
"""
_OWN = """
Three lines of `hark.toml` add a signal: what it measures, and which way is bad. `measure` is a number of the metadata
(`metadata.KEY`; dots lead into nested objects), a tool's outcome (`tool.NAME.failed` among the conversations that call it,
`tool.NAME.called` among all), a score (`score.NAME`), or `conversations`. `where` measures a part of the traffic alone,
`at_least` makes a share of numbers, and `kind = "score"` tests the mean of a score in place of its rate. Zero and negative
numbers are left out where sizes are tested, for these are tested by their logarithm.

`kind = "value"` is for what another system measures and sends along: a queue's length, a cache's hit rate, the depth of an index.
Such a number tells nothing of chance, so that its mean in every five minutes is compared with the time of day and the level of
the last half hour, in units of how restless this very series is, as [`hark backtest --csv`](backtest.md) does; where no
rhythm explains it, with all that was ever seen. Zero and negative numbers count. It is watched in all traffic and by
application and environment, an alert stands until the values are back where they were expected before (or for four
days), and `min_absolute` says how large a change is worth one. To bring in a series from elsewhere, send it as metadata of the
conversations of that time, or of one made-up conversation every five minutes.

{examples}
A signal counts from the day on which it was added.

## Tails

`latency_tail`, `ttft_tail` and `cost_tail` are the shares of values above the usual 95 % quantile of their hour of the week:
5 % by design. A quantile is tested as a share, for the typical size hardly moves where one answer in ten takes three times as long.
The quantile is learned of each series from the sketches of its quiet hours, once it had 300 values and its size two days; an
alert that is open on either keeps both from being learned. A size and its tail that are off together are one alert. In a query, what counts
is the p95 of the four weeks before. Rules take the sizes themselves.

## What can be detected

`hark signals` and `/hark signals` list every signal with its usual level, its values a day, its state, and the smallest change
that a day's traffic can prove at your budget of false alerts. What is smaller takes longer, whatever the method: to call a
change takes about (ln 2c + ln J) / KL conversations, with c the buckets between false alerts of one series, J the effects
that are looked for, and KL the divergence of the changed from the usual distribution.

How alerts live, rules, holidays, drift: see [alerts](alerts.md).
"""
_OWN_EXAMPLES = """
[signals.discount]
measure = "metadata.discount_given"
bad = "up"

[signals.search_failed]
measure = "tool.search.failed"

[signals.refund_refusals]
measure = "score.refusal"
where = { scenario = "refund" }

[signals.large_refunds]
measure = "metadata.refund.amount"
at_least = 100

[signals.queue_length]
measure = "metadata.queue.length"
kind = "value"
bad = "up"
min_absolute = 20
"""
_SCORES = """
Every score becomes a signal of its own name, whoever gave it: a built-in evaluator, a judge, or the score that came
with a conversation. The signal is the share of conversations whose score is at or above the threshold: 0.5, until
reviewers' labels set another one. Once an evaluator is labelled, its rate is corrected by what the labels say of its
errors, and it is the corrected rate that is shown and tested.

Which way is bad is what the evaluator says of itself, or what is known of the name; a score of another name is watched
both ways.
"""


def signals_page() -> str:
    keys = ", ".join(code(key) for key in FileSettings().segments.keys)
    return page(
        generated("Signals"),
        _INTRODUCTION.format(keys=keys).strip(),
        "## Built in",
        _table_of_built_in(),
        _EFFECTS.strip(),
        _SOURCES.strip(),
        "## Your own",
        _OWN.format(examples=block(_OWN_EXAMPLES.strip(), "toml")).strip(),
        "## Scores",
        _SCORES.strip(),
        table(
            ["When this is bad", "Smallest relative effect", "Smallest absolute effect"],
            ([_WAYS[way], *_effects(signal_of_score("", way))] for way in Direction),
        ),
        page("A rise is bad for scores named:", _listed(BAD_WHEN_HIGH)),
        page("A fall is bad for scores named:", _listed(GOOD_WHEN_HIGH)),
    )


def _table_of_built_in() -> str:
    head = ["Signal", "What it is", "Measured as", "Unit", "Bad", "Relative effect", "Absolute effect", "By segment"]
    return table(
        head,
        (
            [
                code(s.name),
                s.summary,
                _measured_as(s),
                s.unit or "–",
                _WAYS[s.bad],
                *_effects(s),
                _cuts(s),
            ]
            for s in BUILT_IN
        ),
    )


def _measured_as(signal: Signal) -> str:
    if not is_own(signal):
        return _KINDS[signal.kind]
    return "a lag, by its own habit" if signal.counts == SILENCE else "a [vital](watching-hark.md), by a fixed bound"


def _cuts(signal: Signal) -> str:
    if is_own(signal):
        return {SOURCE_LAG.name: "source", NO_DATA.name: "application"}.get(signal.name, "part of Hark")
    return "every key" if signal.by_segment else "application, environment"


def _effects(signal: Signal) -> list[str]:
    if not signal.min_absolute:
        absolute = "–"
    elif signal.kind is Kind.RATE:
        points = signal.min_absolute * 100
        absolute = f"{points:g} point{'' if points == 1 else 's'}"
    else:
        absolute = f"{signal.min_absolute:g} {signal.unit}".rstrip()
    return [f"{signal.min_relative:.0%}", absolute]


def _listed(names: Collection[str]) -> str:
    return ", ".join(code(name) for name in sorted(names)) + "."
