// Slack's mrkdwn. Written here because the renderer reads Markdown instead, and loses what is none: a text that begins
// with a tag, "10:30:45", "$5 or $6". Conversations are full of those.
import { get as emojiNamed } from "node-emoji";
import { Fragment, useContext } from "react";
import { Directory, Link, unescaped } from "./text.jsx";

const TOKEN = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<angle>[^<>\\n]+)>",
    "(?<![\\p{L}\\p{N}*_~])(?<mark>[*_~])(?!\\k<mark>|\\s)(?<inner>[^\\n]*?)(?<!\\s)\\k<mark>(?![\\p{L}\\p{N}]|\\k<mark>)",
    "(?<!\\w):(?<emoji>[a-z0-9_+'-]+)(?:::skin-tone-[2-6])?:",
    "(?<url>https?://[^\\s<>|`]*[^\\s<>|`.,;:!?)'\"\\]*_~])",
  ].join("|"),
  "gu",
);
const TAGS = { "*": "strong", _: "em", "~": "s" };
const DEEPEST = 6;

const dated = (options) => (at) => at.toLocaleDateString([], options);
const pretty = (options) => (at) => {
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 864e5);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? at.toLocaleDateString([], options);
};
const two = (n) => String(n).padStart(2, "0");
const LONG = { weekday: "long", year: "numeric", month: "long", day: "numeric" };
const MEDIUM = { year: "numeric", month: "long", day: "numeric" };
const SHORT = { year: "numeric", month: "short", day: "numeric" };
const DATES = {
  date_num: (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
  date_slash: dated({}),
  date_long: dated(LONG),
  date_long_full: dated(LONG),
  date_long_pretty: pretty(LONG),
  date: dated(MEDIUM),
  date_pretty: pretty(MEDIUM),
  date_short: dated(SHORT),
  date_short_pretty: pretty(SHORT),
  day_divider_pretty: pretty({ weekday: "long", month: "long", day: "numeric" }),
  time: (at) => at.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" }),
  time_secs: (at) => at.toLocaleTimeString(),
  ago: (at) => {
    const minutes = Math.round((Date.now() - at) / 60000);
    if (minutes < 60) return `${minutes} min ago`;
    return minutes < 2880 ? `${Math.round(minutes / 60)} h ago` : `${Math.round(minutes / 1440)} days ago`;
  },
};

function Moment({ body, fallback }) {
  const [, seconds, format = "", link] = body.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (!seconds || Number.isNaN(at.getTime())) return unescaped(fallback ?? "");
  const text = unescaped(format).replace(/\{(\w+)\}/g, (whole, name) => DATES[name]?.(at) ?? whole);
  const shown = (
    <time dateTime={at.toISOString()} title={at.toLocaleString()}>
      {text}
    </time>
  );
  return link ? <Link href={unescaped(link)}>{shown}</Link> : shown;
}

function Angle({ body, depth }) {
  const { users, channels } = useContext(Directory);
  const bar = body.indexOf("|");
  const [target, label] = bar < 0 ? [body] : [body.slice(0, bar), body.slice(bar + 1)];
  const named = (list) => list.find((each) => each.id === target.slice(1))?.name ?? label ?? target.slice(1);
  if (/^@[UW]\w+$/.test(target)) return <span className="mention">@{unescaped(named(users))}</span>;
  if (/^#C\w+$/.test(target)) return <span className="mention">#{unescaped(named(channels))}</span>;
  if (/^!(here|channel|everyone)$/.test(target)) return <span className="mention broadcast">@{target.slice(1)}</span>;
  if (target.startsWith("!date^")) return <Moment body={target} fallback={label} />;
  if (target.startsWith("!subteam^")) return <span className="mention">{unescaped(label ?? "@group")}</span>;
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) {
    return <Link href={unescaped(target)}>{label === undefined ? unescaped(target) : <Inline text={label} depth={depth + 1} />}</Link>;
  }
  return unescaped(`<${body}>`);
}

function drawn(found, depth) {
  const { code, angle, mark, inner, emoji, url } = found.groups;
  if (code !== undefined) return <code>{unescaped(code)}</code>;
  if (angle !== undefined) return <Angle body={angle} depth={depth} />;
  if (mark !== undefined) {
    const Tag = TAGS[mark];
    return (
      <Tag>
        <Inline text={inner} depth={depth + 1} />
      </Tag>
    );
  }
  if (emoji !== undefined) return emojiNamed(emoji) ?? found[0];
  return <Link href={unescaped(url)}>{unescaped(url)}</Link>;
}

function Inline({ text, depth = 0 }) {
  if (depth > DEEPEST) return unescaped(text);
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push(unescaped(text.slice(at, found.index)), drawn(found, depth));
    at = found.index + found[0].length;
  }
  parts.push(unescaped(text.slice(at)));
  return parts.map((part, n) => <Fragment key={n}>{part}</Fragment>);
}

/** Lines of a text in runs: quoted or not. */
function runs(text) {
  const grouped = [];
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    const last = grouped.at(-1);
    if (last && last.isQuote === !!quoted) last.lines.push(quoted ? quoted[1] : line);
    else grouped.push({ isQuote: !!quoted, lines: [quoted ? quoted[1] : line] });
  }
  return grouped;
}

function Prose({ text }) {
  return runs(text).map(({ isQuote, lines }, n) => {
    const inline = <Inline text={lines.join("\n")} />;
    return isQuote ? <blockquote key={n}>{inline}</blockquote> : <Fragment key={n}>{inline}</Fragment>;
  });
}

export function Mrkdwn({ text }) {
  const parts = String(text ?? "").split(/```\n?([\s\S]+?)\n?```\n?/);
  return (
    <div className="mrkdwn">
      {parts.map((part, n) => (n % 2 ? <pre key={n}>{unescaped(part)}</pre> : part && <Prose key={n} text={part} />))}
    </div>
  );
}
