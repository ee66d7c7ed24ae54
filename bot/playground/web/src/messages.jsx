// Messages, channels and threads.
import { createContext, memo, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { act } from "./api.js";
import { Blocks } from "./blocks.jsx";
import { Picture, Surface } from "./elements.jsx";
import { Mrkdwn } from "./mrkdwn.jsx";
import { Link, plain } from "./text.jsx";

const SHOWN = 150;

/** Who acts, and how to tell them what went wrong. */
export const Session = createContext({ user: "", toast: () => {}, shortcuts: [] });

export const timeOf = (ts) => new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export function dayOf(ts) {
  const at = new Date(Number(ts) * 1000);
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 864e5);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return at.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
}

export function Avatar({ person, size = 36 }) {
  const initials = (person?.real_name ?? "?").split(" ").map((word) => word[0]).slice(0, 2).join("");
  const hue = [...(person?.id ?? "")].reduce((sum, letter) => sum + letter.charCodeAt(0) * 7, 0) % 360;
  const style = { width: size, height: size, fontSize: size * 0.4 };
  if (person?.is_bot) {
    return (
      <span className="avatar bot" style={style} aria-hidden="true">
        <svg viewBox="0 0 32 32">
          <path d="M7 17h4l3-8 4 14 3-6h4" />
        </svg>
      </span>
    );
  }
  return (
    <span className="avatar" style={{ ...style, "--hue": hue }} aria-hidden="true">
      {initials}
    </span>
  );
}

/** Lets the elements within tell the app, as something in this message. */
function MessageSurface({ post, children }) {
  const { user, toast } = useContext(Session);
  const [values, setValues] = useState({});
  const surface = useMemo(
    () => ({
      values,
      isInput: false,
      change: (block, action, value) => setValues((all) => ({ ...all, [block]: { ...all[block], [action]: value } })),
      dispatch: async (block_id, action_id, value) => {
        const fields = { channel: post.channel, ts: post.ts, block_id, action_id, value, user, state: values };
        const answer = await act("click", fields);
        if (answer.problem) toast(answer.problem);
      },
    }),
    [values, post.channel, post.ts, user, toast],
  );
  return <Surface.Provider value={surface}>{children}</Surface.Provider>;
}

function Attachment({ attachment }) {
  return (
    <div className="attachment" style={{ borderColor: /^#[0-9a-f]{3,8}$/i.test(attachment.color) ? attachment.color : undefined }}>
      {attachment.pretext && <Mrkdwn text={attachment.pretext} />}
      {attachment.title && <Link href={attachment.title_link}>{plain(attachment.title)}</Link>}
      {attachment.text && <Mrkdwn text={attachment.text} />}
      {attachment.blocks && <Blocks blocks={attachment.blocks} />}
    </div>
  );
}

function Body({ post }) {
  return (
    <MessageSurface post={post} key={post.edited?.ts ?? post.ts}>
      {post.blocks?.length ? <Blocks blocks={post.blocks} /> : post.text && <Mrkdwn text={post.text} />}
      {post.attachments?.map((attachment, n) => (
        <Attachment key={n} attachment={attachment} />
      ))}
      {post.files?.map((file) =>
        file.mimetype.startsWith("image/") ? (
          <figure className="bk-figure" key={file.id}>
            <figcaption>{file.title}</figcaption>
            <Picture element={{ slack_file: { id: file.id }, alt_text: file.title }} />
          </figure>
        ) : (
          <a className="file" key={file.id} href={`/files/${file.id}`} download={file.name}>
            📄 {file.title} <small>{file.size} bytes</small>
          </a>
        ),
      )}
    </MessageSurface>
  );
}

function Tools({ post, onReply }) {
  const { user, toast, shortcuts } = useContext(Session);
  const [isOpen, setOpen] = useState(false);
  const run = async (shortcut) => {
    setOpen(false);
    const answer = await act("shortcut", { callback_id: shortcut.callback_id, channel: post.channel, ts: post.ts, user });
    if (answer.problem) toast(answer.problem);
  };
  const offered = shortcuts.filter((shortcut) => shortcut.kind === "message");
  if (post.only_for) return null;
  return (
    <div className="tools" onMouseLeave={() => setOpen(false)}>
      {onReply && (
        <button type="button" title="Reply in thread" aria-label="Reply in thread" onClick={onReply}>
          💬
        </button>
      )}
      {offered.length > 0 && (
        <button type="button" title="Shortcuts" aria-label="Message shortcuts" aria-haspopup="menu" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          ⋮
        </button>
      )}
      {isOpen && (
        <div className="menu" role="menu">
          {offered.map((shortcut) => (
            <button type="button" role="menuitem" key={shortcut.callback_id} onClick={() => run(shortcut)}>
              {shortcut.name}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

export const Message = memo(function Message({ post, author, replies, onOpenThread, isRoot, isNew }) {
  const place = isRoot ? "thread-root" : "message";
  const count = replies?.length ?? 0;
  return (
    <article
      className={`message ${post.only_for ? "ephemeral" : ""} ${isNew ? "new" : ""}`}
      data-testid={`${place}-${post.ts}`}
      aria-label={`${author?.real_name ?? "Somebody"}, ${timeOf(post.ts)}`}
    >
      <Avatar person={author} />
      <div className="message-body">
        {post.only_for && <div className="only-you">👁 Only visible to you</div>}
        <div className="byline">
          <b>{author?.real_name ?? post.user}</b>
          {author?.is_bot && <span className="badge">APP</span>}
          {author?.is_stranger && <span className="badge guest">GUEST</span>}
          <time dateTime={new Date(Number(post.ts) * 1000).toISOString()}>{timeOf(post.ts)}</time>
          {post.edited && <span className="edited">(edited)</span>}
        </div>
        {post.is_broadcast && !isRoot && <div className="broadcast">replied to a thread</div>}
        <Body post={post} />
        {count > 0 && !isRoot && (
          <button type="button" className="replies" onClick={() => onOpenThread(post.ts)} data-testid={`replies-${post.ts}`}>
            <Avatar person={replies.at(-1).author} size={20} />
            <b>{count === 1 ? "1 reply" : `${count} replies`}</b>
            <span>last at {timeOf(replies.at(-1).ts)}</span>
          </button>
        )}
      </div>
      <Tools post={post} onReply={isRoot || !onOpenThread ? null : () => onOpenThread(post.thread_ts ?? post.ts)} />
    </article>
  );
});

/** Follows the end of the list unless its reader has scrolled away. */
function useFollowing(count, startsAtEnd) {
  const list = useRef(null);
  const isAtEnd = useRef(startsAtEnd);
  const onScroll = () => {
    const { scrollHeight, scrollTop, clientHeight } = list.current;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < 80;
  };
  useLayoutEffect(() => {
    if (isAtEnd.current && list.current) list.current.scrollTop = list.current.scrollHeight;
  });
  useEffect(() => {
    const frame = list.current;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) frame.scrollTop = frame.scrollHeight;
    });
    for (const child of frame.children) observer.observe(child);
    return () => observer.disconnect();
  }, [count]);
  return { list, onScroll };
}

export function Channel({ channel, posts, people, onOpenThread, focus }) {
  const [limit, setLimit] = useState(SHOWN);
  const threads = useMemo(() => {
    const found = {};
    for (const post of posts) {
      if (post.thread_ts && post.thread_ts !== post.ts) (found[post.thread_ts] ??= []).push({ ...post, author: people[post.user] });
    }
    return found;
  }, [posts, people]);
  const own = posts.filter((post) => !post.thread_ts || post.thread_ts === post.ts || post.is_broadcast);
  const shown = own.slice(-limit);
  const { list, onScroll } = useFollowing(shown.length, !focus);
  const latest = useRef(null);
  const newest = shown.at(-1)?.ts ?? "";
  latest.current ??= newest;
  useEffect(() => {
    if (focus) list.current?.querySelector(`[data-testid="message-${CSS.escape(focus)}"]`)?.scrollIntoView({ block: "center" });
  }, [focus, list]);
  return (
    <div className="messages" ref={list} onScroll={onScroll} role="log" aria-live="polite" aria-label={`Messages in ${channel.label}`} tabIndex={0}>
      <div className="messages-inner">
        {own.length > shown.length ? (
          <button type="button" className="earlier" onClick={() => setLimit(limit + SHOWN)}>
            Show {own.length - shown.length} earlier
          </button>
        ) : (
          <div className="beginning">
            <h3>{channel.label}</h3>
            <p>{channel.topic || "This is the very beginning."}</p>
          </div>
        )}
        {shown.map((post, n) => (
          <div key={post.ts} className={focus === post.ts ? "focused" : ""}>
            {(n === 0 || dayOf(shown[n - 1].ts) !== dayOf(post.ts)) && (
              <div className="day" role="separator">
                <span>{dayOf(post.ts)}</span>
              </div>
            )}
            <Message
              post={post}
              author={people[post.user]}
              replies={threads[post.ts]}
              onOpenThread={onOpenThread}
              isNew={post.ts > latest.current}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

export function Thread({ root, posts, people, onClose, channel }) {
  const replies = posts.filter((post) => post.thread_ts === root && post.ts !== root);
  const top = posts.find((post) => post.ts === root);
  const { list, onScroll } = useFollowing(replies.length, false);
  return (
    <aside className="thread" data-testid="thread" aria-label="Thread" onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <header className="pane-head">
        <h2>
          Thread <small>{channel.label}</small>
        </h2>
        <button type="button" className="close" aria-label="Close thread" onClick={onClose}>
          ✕
        </button>
      </header>
      <div className="messages" ref={list} onScroll={onScroll} role="log" aria-live="polite" tabIndex={0} aria-label="Replies">
        <div className="messages-inner">
          {top ? <Message post={top} author={people[top.user]} isRoot /> : <p className="gone">This message was deleted.</p>}
          <div className="day">
            <span>{replies.length === 1 ? "1 reply" : `${replies.length} replies`}</span>
          </div>
          {replies.map((post) => (
            <Message key={post.ts} post={post} author={people[post.user]} />
          ))}
        </div>
      </div>
      <Composer channel={channel} thread={root} label="Reply" />
    </aside>
  );
}

export function Composer({ channel, thread = "", label, hints = [] }) {
  const { user, toast } = useContext(Session);
  const [text, setText] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [sent, setSent] = useState([]);
  const [back, setBack] = useState(0);
  const field = useRef(null);
  const send = async (line) => {
    if (!line.trim() || isBusy) return;
    setBusy(true);
    const answer = await act("say", { text: line, user, channel: channel.id, thread_ts: thread });
    setBusy(false);
    if (answer.problem) toast(answer.problem);
    else setText("");
    setSent((all) => [line, ...all.filter((each) => each !== line)].slice(0, 50));
    setBack(0);
    field.current?.focus();
  };
  const recall = (step) => {
    const next = Math.min(Math.max(back + step, 0), sent.length);
    setBack(next);
    setText(next ? sent[next - 1] : "");
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send(text);
    }
    if (event.key === "ArrowUp" && (text === "" || back)) recall(1);
    if (event.key === "ArrowDown" && back) recall(-1);
  };
  return (
    <div className="composer">
      {hints.length > 0 && text === "" && (
        <div className="hints">
          {hints.map((hint) => (
            <button type="button" key={hint} onClick={() => send(hint)} disabled={isBusy}>
              {hint}
            </button>
          ))}
        </div>
      )}
      <div className={`composer-box ${isBusy ? "busy" : ""}`}>
        <input
          ref={field}
          value={text}
          data-testid={thread ? "thread-input" : "slash-input"}
          aria-label={label}
          placeholder={label}
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
        <button type="button" className="send" aria-label="Send" disabled={!text.trim() || isBusy} onClick={() => send(text)}>
          ➤
        </button>
      </div>
    </div>
  );
}
