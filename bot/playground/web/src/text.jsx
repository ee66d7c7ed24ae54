// Text of messages: nothing in it is trusted; it becomes React text and links to web addresses only.
import { emojify, get as emojiNamed } from "node-emoji";
import { createContext, useContext, useMemo } from "react";
import { Message } from "slack-blocks-to-jsx";

export const Directory = createContext({ users: [], channels: [], open: () => {} });

export function safeLink(href) {
  try {
    const url = new URL(String(href), location.origin);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A permalink into this workspace, as { channel, ts }, or null. */
export function placeOf(href) {
  const url = new URL(href, location.origin);
  const found = url.origin === location.origin && /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(url.pathname);
  return found ? { channel: found[1], ts: `${found[2]}.${found[3]}`, thread: url.searchParams.get("thread_ts") } : null;
}

export function Link({ href, className, children, onClick }) {
  const { open } = useContext(Directory);
  const safe = safeLink(href);
  if (!safe) return <span>{children}</span>;
  const place = placeOf(safe);
  const follow = (event) => {
    onClick?.(event);
    if (place) {
      event.preventDefault();
      open(place);
    }
  };
  return (
    <a href={safe} className={className} target={place ? undefined : "_blank"} rel="noopener noreferrer" onClick={follow}>
      {children}
    </a>
  );
}

const HOOKS = {
  // The renderer would make "103045" of "10:30:45".
  emoji: ({ name }) => emojiNamed(name) ?? `:${name}:`,
  link: ({ href, children, className }) => (
    <Link href={href} className={className}>
      {children}
    </Link>
  ),
};

/** Blocks without anything to press, drawn by the renderer. */
export function Still({ blocks }) {
  const { users, channels } = useContext(Directory);
  const known = useMemo(() => ({ users, channels }), [users, channels]);
  return <Message withoutWrapper blocks={blocks} data={known} hooks={HOOKS} className="still" />;
}

const ENTITIES = { "&lt;": "<", "&gt;": ">", "&amp;": "&" };

/** Text as it was before Slack's three characters were escaped. */
export const unescaped = (text) => text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity]);

/** A plain_text object as text. */
export function plain(text) {
  const raw = typeof text === "string" ? text : (text?.text ?? "");
  return emojify(unescaped(raw), { fallback: (name) => `:${name}:` });
}
