// Talks to the playground's server.
import { useCallback, useEffect, useRef, useState } from "react";

const EMPTY = { people: [], channels: [], commands: [], shortcuts: [], posts: new Map(), deliveries: [], modals: [] };
const KEPT_DELIVERIES = 500;
const RETRY_MS = 1000;

export async function act(action, fields) {
  try {
    const response = await fetch(`/playground/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Hark-Playground": "1" },
      body: JSON.stringify(fields),
    });
    return await response.json();
  } catch {
    return { ok: false, problem: "The playground does not answer. Is it still running?", errors: {} };
  }
}

function merged(before, change) {
  const posts = new Map(before.posts);
  for (const post of change.posts) {
    const key = `${post.channel}/${post.ts}`;
    if (post.is_deleted) posts.delete(key);
    else posts.set(key, post);
  }
  const deliveries = [...before.deliveries, ...change.deliveries].slice(-KEPT_DELIVERIES);
  return { ...before, ...change, posts, deliveries };
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What `user` sees, kept up to date; null until it is known. */
export function useWorkspace(user) {
  const [state, setState] = useState(null);
  const [isConnected, setConnected] = useState(true);
  useEffect(() => {
    const stop = new AbortController();
    let known = { ...EMPTY, revision: 0 };
    (async () => {
      while (!stop.signal.aborted) {
        try {
          const query = new URLSearchParams({ since: known.revision, user, wait: 1 });
          const response = await fetch(`/playground/state?${query}`, { signal: stop.signal });
          if (!response.ok) throw new Error(`HTTP ${response.status}`);
          const change = await response.json();
          const isNew = change.revision !== known.revision || known.revision === 0;
          // A playground that was started again counts from the beginning.
          known = change.revision < known.revision ? { ...EMPTY, revision: 0 } : merged(known, change);
          setConnected(true);
          if (isNew) setState(known);
          if (known.revision === 0) await pause(300);
        } catch (problem) {
          if (problem.name === "AbortError") return;
          setConnected(false);
          await pause(RETRY_MS);
        }
      }
    })();
    return () => stop.abort();
  }, [user]);
  return [state, isConnected];
}

/** Toasts and the function that shows one. */
export function useToasts() {
  const [toasts, setToasts] = useState([]);
  const count = useRef(0);
  const dismiss = useCallback((id) => setToasts((shown) => shown.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (text) => {
      const id = ++count.current;
      setToasts((shown) => [...shown.slice(-2), { id, text }]);
      setTimeout(() => dismiss(id), 8000);
    },
    [dismiss],
  );
  return [toasts, show, dismiss];
}
