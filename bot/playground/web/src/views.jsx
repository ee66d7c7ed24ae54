// Modals and the App Home.
import { useContext, useEffect, useId, useMemo, useRef, useState } from "react";
import { act } from "./api.js";
import { Blocks } from "./blocks.jsx";
import { Surface } from "./elements.jsx";
import { useFocusTrap } from "./focus.js";
import { Session } from "./messages.jsx";
import { plain } from "./text.jsx";

/** What a view's inputs hold; kept over its updates, as Slack keeps it for blocks whose ids stay. */
function useViewSurface(view) {
  const { user, toast } = useContext(Session);
  const [values, setValues] = useState({});
  const surface = useMemo(
    () => ({
      values,
      isInput: false,
      change: (block, action, value) => setValues((all) => ({ ...all, [block]: { ...all[block], [action]: value } })),
      dispatch: async (block_id, action_id, value) => {
        const state = { ...values, [block_id]: { ...values[block_id], [action_id]: value } };
        const answer = await act("click", { view_id: view.id, block_id, action_id, value, user, state });
        if (answer.problem) toast(answer.problem);
      },
    }),
    [values, view.id, user, toast],
  );
  return surface;
}

export function Modal({ view, depth }) {
  const { user, toast } = useContext(Session);
  const surface = useViewSurface(view);
  const [errors, setErrors] = useState({});
  const [isBusy, setBusy] = useState(false);
  const frame = useRef(null);
  const title = useId();
  const close = (everything) => act("close", { view_id: view.id, user, everything });
  const onKeyDown = useFocusTrap(frame, () => close(false));
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    const answer = await act("submit", { view_id: view.id, user, values: surface.values });
    setBusy(false);
    setErrors(answer.errors ?? {});
    if (answer.problem) toast(answer.problem);
  };
  useEffect(() => frame.current?.querySelector(".wrong input, .wrong textarea, .wrong select")?.focus(), [errors]);
  return (
    <div className="veil">
      <form
        className={`modal ${isBusy ? "busy" : ""}`}
        ref={frame}
        role="dialog"
        aria-modal="true"
        aria-labelledby={title}
        aria-busy={isBusy}
        tabIndex={-1}
        data-testid="modal"
        noValidate
        onSubmit={submit}
        onKeyDown={onKeyDown}
      >
        <header>
          {depth > 1 && (
            <button type="button" className="close" aria-label="Back" onClick={() => close(false)}>
              ←
            </button>
          )}
          <h2 id={title}>{plain(view.title)}</h2>
          <button type="button" className="close" aria-label="Close" onClick={() => close(true)}>
            ✕
          </button>
        </header>
        <div className="modal-body">
          <Surface.Provider value={surface}>
            <Blocks blocks={view.blocks} errors={errors} />
          </Surface.Provider>
        </div>
        <footer>
          <button type="button" className="bk-button" onClick={() => close(false)}>
            {view.close ? plain(view.close) : view.submit ? "Cancel" : "Close"}
          </button>
          {view.submit && (
            <button type="submit" className="bk-button primary" disabled={isBusy} data-testid="modal-submit">
              {isBusy ? "Sending…" : plain(view.submit)}
            </button>
          )}
        </footer>
      </form>
    </div>
  );
}

function HomeView({ view }) {
  const surface = useViewSurface(view);
  return (
    <Surface.Provider value={surface}>
      <Blocks blocks={view.blocks} />
    </Surface.Provider>
  );
}

export function Home({ view }) {
  const { user, toast } = useContext(Session);
  useEffect(() => {
    act("home", { user }).then((answer) => answer.problem && toast(answer.problem));
  }, [user, toast]);
  return (
    <div className="messages home" data-testid="home" tabIndex={0} role="region" aria-label="Hark home">
      <div className="home-inner">{view ? <HomeView view={view} /> : <p className="gone">Hark has not drawn your home yet.</p>}</div>
    </div>
  );
}
