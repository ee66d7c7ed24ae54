// The page: channels on the left, messages in the middle, a thread on the right, modals on top.
import { useCallback, useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { act, useToasts, useWorkspace } from "./api.js";
import "./page.css";
import { Avatar, Channel, Composer, Session, Thread } from "./messages.jsx";
import { Directory, placeOf } from "./text.jsx";
import { Home, Modal } from "./views.jsx";

const HOME = "home";
const FIRST_USER = "U0MAYA";
const HINTS = ["help", "status", "alerts"];

const labelled = (channel) => ({
  ...channel,
  label: channel.is_im ? "Messages from Hark" : `#${channel.name}`,
  topic: channel.is_im ? "Only you and Hark" : channel.topic?.value,
});

function useStored(key, initial) {
  const [value, setValue] = useState(() => sessionStorage.getItem(key) ?? initial);
  useEffect(() => sessionStorage.setItem(key, value), [key, value]);
  return [value, setValue];
}

/** The number of messages per channel that came while it was not looked at. */
function useUnread(posts, place) {
  const [seen, setSeen] = useState({});
  useEffect(() => {
    const newest = posts.filter((post) => post.channel === place).reduce((max, post) => (post.ts > max ? post.ts : max), "");
    setSeen((all) => (all[place] === newest ? all : { ...all, [place]: newest }));
  }, [posts, place]);
  const unread = {};
  for (const post of posts) {
    const isReply = post.thread_ts && post.thread_ts !== post.ts && !post.is_broadcast;
    if (post.channel !== place && !isReply && post.ts > (seen[post.channel] ?? "")) {
      unread[post.channel] = (unread[post.channel] ?? 0) + 1;
    }
  }
  return unread;
}

function Sidebar({ state, place, unread, onGo, onShortcut }) {
  const shared = state.channels.filter((channel) => !channel.is_im).map(labelled);
  const own = state.channels.find((channel) => channel.is_im);
  const item = (id, testid, sign, label) => (
    <li key={id}>
      <button
        type="button"
        className={`${place === id ? "here" : ""} ${unread[id] ? "unread" : ""}`}
        aria-current={place === id ? "page" : undefined}
        data-testid={testid}
        onClick={() => onGo(id)}
      >
        <span className="sign">{sign}</span>
        <span className="name">{label}</span>
        {unread[id] > 0 && <span className="count">{unread[id] > 99 ? "99+" : unread[id]}</span>}
      </button>
    </li>
  );
  const shortcuts = state.shortcuts.filter((shortcut) => shortcut.kind === "global");
  return (
    <nav className="sidebar" aria-label="Channels and apps">
      <div className="team">
        <Avatar person={state.bot} size={32} />
        <div>
          <b>Playground</b>
          <small>a simulated workspace</small>
        </div>
      </div>
      <h2>Channels</h2>
      <ul>{shared.map((channel) => item(channel.id, `channel-${channel.id}`, "#", channel.name))}</ul>
      <h2>Hark</h2>
      <ul>
        {item(HOME, "channel-home", "⌂", "App Home")}
        {own && item(own.id, `channel-${own.id}`, "✉", "Messages")}
      </ul>
      {shortcuts.length > 0 && (
        <>
          <h2>Shortcuts</h2>
          <ul>
            {shortcuts.map((shortcut) => (
              <li key={shortcut.callback_id}>
                <button type="button" data-testid={`shortcut-${shortcut.callback_id}`} onClick={() => onShortcut(shortcut)}>
                  <span className="sign">⚡</span>
                  <span className="name">{shortcut.name}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </nav>
  );
}

function Banner({ state, user, onUser, isLogOpen, onLog, isConnected }) {
  const refused = state?.deliveries.filter((delivery) => delivery.error).length ?? 0;
  return (
    <header className="banner">
      <p>
        <b>Playground:</b> simulated workspace, simulated conversations
        {!isConnected && <span className="offline"> · not connected, trying again…</span>}
      </p>
      <button type="button" className="log-toggle" aria-expanded={isLogOpen} data-testid="delivery-log-toggle" onClick={onLog}>
        Delivery log
        {refused > 0 && <span className="count">{refused}</span>}
      </button>
      <label className="act-as">
        Act as
        <select data-testid="act-as" value={user} onChange={(event) => onUser(event.target.value)}>
          {(state?.people ?? []).map((person) => (
            <option key={person.id} value={person.id}>
              {person.real_name}
              {person.profile.title ? ` — ${person.profile.title}` : ""}
            </option>
          ))}
        </select>
      </label>
    </header>
  );
}

function DeliveryLog({ deliveries, onClose }) {
  const [isBrief, setBrief] = useState(false);
  const shown = deliveries.filter((delivery) => !isBrief || delivery.error).slice(-200).reverse();
  return (
    <section className="log" data-testid="delivery-log" aria-label="Delivery log">
      <header className="pane-head">
        <h2>
          Delivery log <small>what passed between Hark and Slack, newest first</small>
        </h2>
        <label className="only">
          <input type="checkbox" checked={isBrief} onChange={(event) => setBrief(event.target.checked)} /> only what went wrong
        </label>
        <button type="button" className="close" aria-label="Close delivery log" onClick={onClose}>
          ✕
        </button>
      </header>
      <div className="log-rows" tabIndex={0} role="region" aria-label="Deliveries">
        <table>
          <thead>
            <tr>
              <th scope="col">at</th>
              <th scope="col">way</th>
              <th scope="col">what</th>
              <th scope="col">where</th>
              <th scope="col">outcome</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((delivery) => (
              <tr key={delivery.revision} className={delivery.error ? "refused" : ""}>
                <td>{new Date(delivery.at).toLocaleTimeString()}</td>
                <td>{delivery.direction === "to_app" ? "Slack → Hark" : "Hark → Slack"}</td>
                <td>
                  <code>{delivery.name}</code>
                </td>
                <td>{delivery.target}</td>
                <td>
                  {delivery.error || "ok"}
                  {delivery.problems.map((problem) => (
                    <div key={problem}>{problem}</div>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p className="gone">{isBrief ? "Nothing went wrong." : "Nothing yet."}</p>}
      </div>
    </section>
  );
}

function Toasts({ toasts, onDismiss }) {
  return (
    <div className="toasts" role="status" aria-live="assertive">
      {toasts.map((toast) => (
        <div className="toast" key={toast.id} data-testid="toast">
          <span>{toast.text}</span>
          <button type="button" aria-label="Dismiss" onClick={() => onDismiss(toast.id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}

const arrival = placeOf(location.href);

function Page() {
  const [user, setUser] = useStored("user", FIRST_USER);
  const [state, isConnected] = useWorkspace(user);
  const [place, setPlace] = useStored("place", arrival?.channel ?? "C0ALERTS");
  const [focus, setFocus] = useState(arrival?.ts ?? null);
  const [thread, setThread] = useState(arrival?.thread ?? null);
  const [isLogOpen, setLogOpen] = useState(false);
  const [toasts, toast, dismiss] = useToasts();
  const posts = useMemo(() => (state ? [...state.posts.values()].sort((a, b) => (a.ts < b.ts ? -1 : 1)) : []), [state?.posts]);
  const unread = useUnread(posts, place);
  const people = useMemo(
    () => Object.fromEntries([...(state?.people ?? []), state?.bot].filter(Boolean).map((person) => [person.id, person])),
    [state?.people, state?.bot],
  );
  const go = useCallback(
    (next, ts = null, root = null) => {
      setPlace(next);
      setFocus(ts);
      setThread(root);
    },
    [setPlace],
  );
  const directory = useMemo(
    () => ({
      users: Object.values(people).map((person) => ({ id: person.id, name: person.real_name })),
      channels: (state?.channels ?? []).filter((channel) => !channel.is_im).map(({ id, name }) => ({ id, name })),
      open: ({ channel, ts, thread: root }) => go(channel, ts, root),
    }),
    [people, state?.channels, go],
  );
  const session = useMemo(() => ({ user, toast, shortcuts: state?.shortcuts ?? [] }), [user, toast, state?.shortcuts]);
  useEffect(() => {
    const waiting = Object.values(unread).reduce((sum, count) => sum + count, 0);
    document.title = waiting ? `(${waiting}) Hark playground` : "Hark playground";
  });
  if (!state) return <div className="waiting">{isConnected ? "Opening the playground…" : "The playground does not answer. Trying again…"}</div>;
  const known = state.channels.map(labelled);
  const channel = known.find((each) => each.id === place) ?? (place === HOME ? null : known[0]);
  const here = channel ? posts.filter((post) => post.channel === channel.id) : [];
  const runShortcut = async (shortcut) => {
    const answer = await act("shortcut", { callback_id: shortcut.callback_id, user });
    if (answer.problem) toast(answer.problem);
  };
  const changeUser = (next) => {
    setUser(next);
    setThread(null);
    if (channel?.is_im) setPlace(HOME);
  };
  const top = state.modals.at(-1);
  const command = state.commands[0];
  return (
    <Session.Provider value={session}>
      <Directory.Provider value={directory}>
        <div className="page" inert={!!top}>
          <Banner
            state={state}
            user={user}
            onUser={changeUser}
            isConnected={isConnected}
            isLogOpen={isLogOpen}
            onLog={() => setLogOpen(!isLogOpen)}
          />
          <Sidebar state={state} place={channel ? channel.id : HOME} unread={unread} onGo={go} onShortcut={runShortcut} />
          <main className="middle">
            <header className="pane-head">
              <h1>{channel ? channel.label : "Hark"}</h1>
              <p>{channel ? channel.topic : "Your queue, open alerts and mutes"}</p>
            </header>
            {channel ? (
              <>
                <Channel
                  key={`${channel.id} ${user}`}
                  channel={channel}
                  posts={here}
                  people={people}
                  focus={focus}
                  onOpenThread={setThread}
                />
                <Composer
                  channel={channel}
                  label={command ? `Message ${channel.label}, or try ${command}` : `Message ${channel.label}`}
                  hints={command ? HINTS.map((hint) => `${command} ${hint}`) : []}
                />
              </>
            ) : (
              <Home view={state.home} key={user} />
            )}
            {isLogOpen && <DeliveryLog deliveries={state.deliveries} onClose={() => setLogOpen(false)} />}
          </main>
          {channel && thread && (
            <Thread key={thread} root={thread} posts={here} people={people} channel={channel} onClose={() => setThread(null)} />
          )}
        </div>
        {top && <Modal key={top.id} view={top} depth={state.modals.length} />}
        <Toasts toasts={toasts} onDismiss={dismiss} />
      </Directory.Provider>
    </Session.Provider>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
