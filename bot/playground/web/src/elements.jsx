// The interactive elements. The renderer draws them too, but tells nobody what was chosen.
import { createContext, useContext, useEffect, useId, useRef, useState } from "react";
import { useFocusTrap } from "./focus.js";
import { Mrkdwn } from "./mrkdwn.jsx";
import { Directory, Link, plain, safeLink } from "./text.jsx";

/** Where elements are: what their inputs hold, and what to do when one is used. */
export const Surface = createContext({ values: {}, change: () => {}, dispatch: async () => {}, isInput: false });

const options = (element) => (element.option_groups ?? [element]).flatMap((group) => group.options ?? []);
const INITIAL = ["initial_value", "initial_date", "initial_time", "initial_user", "initial_conversation", "initial_channel"];
const INITIAL_LISTS = ["initial_users", "initial_conversations", "initial_channels"];

function initial(element) {
  if (element.initial_option) return element.initial_option.value;
  if (element.initial_options) return element.initial_options.map((option) => option.value);
  if (element.initial_date_time) return element.initial_date_time;
  const name = [...INITIAL, ...INITIAL_LISTS].find((key) => element[key] !== undefined);
  return name ? element[name] : null;
}

/** An element's value, how to set it, and how to tell the app. */
function useElement(element, blockId, dispatches = true) {
  const { values, change, dispatch, isInput } = useContext(Surface);
  const [isBusy, setBusy] = useState(false);
  const [asks, setAsks] = useState(null);
  const value = values[blockId]?.[element.action_id] ?? initial(element);
  const isQuiet = isInput && !dispatches;
  // An element that is being sent is not disabled, for that would take the focus from it.
  const send = async (chosen) => {
    if (isBusy) return;
    setBusy(true);
    await dispatch(blockId, element.action_id, chosen);
    setBusy(false);
  };
  const tell = (chosen) => {
    if (isQuiet) return;
    if (element.confirm) setAsks({ chosen });
    else send(chosen);
  };
  const set = (chosen, isFinal = true) => {
    change(blockId, element.action_id, chosen);
    if (isFinal) tell(chosen);
  };
  const dialog = asks && (
    <Confirm
      confirm={element.confirm}
      onAnswer={(isYes) => {
        setAsks(null);
        if (isYes) send(asks.chosen);
      }}
    />
  );
  return { value, set, tell, isBusy, dialog };
}

function Confirm({ confirm, onAnswer }) {
  const title = useId();
  const frame = useRef(null);
  const onKeyDown = useFocusTrap(frame, () => onAnswer(false));
  const isDanger = confirm.style === "danger";
  return (
    <div className="veil" onKeyDown={onKeyDown}>
      <div
        className="modal confirm"
        ref={frame}
        role="alertdialog"
        aria-modal="true"
        aria-labelledby={title}
        tabIndex={-1}
        data-testid="confirm"
      >
        <header>
          <h2 id={title}>{plain(confirm.title)}</h2>
        </header>
        <div className="modal-body">
          {confirm.text?.type === "mrkdwn" ? <Mrkdwn text={confirm.text.text} /> : plain(confirm.text)}
        </div>
        <footer>
          <button type="button" className="bk-button" onClick={() => onAnswer(false)}>
            {plain(confirm.deny) || "Cancel"}
          </button>
          <button type="button" data-autofocus className={`bk-button ${isDanger ? "danger" : "primary"}`} onClick={() => onAnswer(true)}>
            {plain(confirm.confirm) || "Yes"}
          </button>
        </footer>
      </div>
    </div>
  );
}

function Button({ element, blockId }) {
  const { tell, isBusy, dialog } = useElement(element, blockId);
  const look = `bk-button ${element.style ?? ""} ${isBusy ? "busy" : ""}`;
  const label = plain(element.text);
  if (element.url && safeLink(element.url)) {
    return (
      <Link href={element.url} className={look} onClick={() => tell(element.value ?? null)}>
        {label}
      </Link>
    );
  }
  return (
    <>
      <button
        type="button"
        className={look}
        aria-disabled={isBusy || undefined}
        aria-label={element.accessibility_label}
        data-action-id={element.action_id}
        onClick={() => tell(element.value ?? null)}
      >
        {label}
      </button>
      {dialog}
    </>
  );
}

function useChoices(element) {
  const { users, channels } = useContext(Directory);
  if (element.type.includes("users_select")) return [{ choices: users.map((u) => [u.id, u.name]) }];
  if (/(conversations|channels)_select/.test(element.type)) return [{ choices: channels.map((c) => [c.id, `#${c.name}`]) }];
  const groups = element.option_groups ?? [{ options: element.options ?? [] }];
  return groups.map((group) => ({
    label: plain(group.label),
    choices: group.options.map((option) => [option.value, plain(option.text)]),
  }));
}

function Select({ element, blockId, label, dispatches }) {
  const { value, set, isBusy, dialog } = useElement(element, blockId, dispatches);
  const groups = useChoices(element);
  const placeholder = plain(element.placeholder) || "Select an option";
  const list = (choices) =>
    choices.map(([id, name]) => (
      <option key={id} value={id}>
        {name}
      </option>
    ));
  return (
    <>
      <select
        className="bk-select"
        value={value ?? ""}
        aria-disabled={isBusy || undefined}
        aria-label={label ?? placeholder}
        data-action-id={element.action_id}
        onChange={(event) => set(event.target.value || null)}
      >
        <option value="">{placeholder}</option>
        {groups.map((group, n) =>
          group.label ? (
            <optgroup key={n} label={group.label}>
              {list(group.choices)}
            </optgroup>
          ) : (
            list(group.choices)
          ),
        )}
      </select>
      {dialog}
    </>
  );
}

/** Checkboxes, radio buttons, and menus in which several can be chosen. */
function Choices({ element, blockId, label, dispatches }) {
  const { value, set, dialog } = useElement(element, blockId, dispatches);
  const name = useId();
  const isMany = element.type !== "radio_buttons";
  const isMenu = element.type.startsWith("multi_");
  const groups = useChoices(element);
  const described = Object.fromEntries(options(element).map((option) => [option.value, option]));
  const chosen = isMany ? (value ?? []) : value;
  const has = (id) => (isMany ? chosen.includes(id) : chosen === id);
  const pick = (id) => {
    if (!isMany) set(id);
    else if (has(id)) set(chosen.filter((each) => each !== id));
    else if (!element.max_selected_items || chosen.length < element.max_selected_items) set([...chosen, id]);
  };
  return (
    <div
      className={isMenu ? "bk-chips" : "bk-choices"}
      role={isMany ? "group" : "radiogroup"}
      aria-label={label ?? plain(element.placeholder)}
      data-action-id={element.action_id}
    >
      {groups.flatMap((group) =>
        group.choices.map(([id, text]) => (
          <label key={id} className={has(id) ? "chosen" : ""}>
            <input type={isMany ? "checkbox" : "radio"} name={name} checked={has(id)} onChange={() => pick(id)} />
            <span>
              {described[id]?.text.type === "mrkdwn" ? <Mrkdwn text={described[id].text.text} /> : text}
              {described[id]?.description && <small>{plain(described[id].description)}</small>}
            </span>
          </label>
        )),
      )}
      {dialog}
    </div>
  );
}

function Overflow({ element, blockId }) {
  const { tell, isBusy, dialog } = useElement(element, blockId);
  const [isOpen, setOpen] = useState(false);
  const frame = useRef(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    frame.current.querySelector("[role=menuitem]")?.focus();
    const leave = (event) => !frame.current?.contains(event.target) && setOpen(false);
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    frame.current?.querySelector("button")?.focus();
  };
  const move = (event) => {
    const items = [...frame.current.querySelectorAll("[role=menuitem]")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
    if (!step) return;
    event.preventDefault();
    items[(items.indexOf(document.activeElement) + step + items.length) % items.length]?.focus();
  };
  const choose = (option) => {
    close();
    const link = option.url && safeLink(option.url);
    if (link) window.open(link, "_blank", "noopener,noreferrer");
    tell(option.value);
  };
  return (
    <span className="bk-overflow" ref={frame} onKeyDown={move}>
      <button
        type="button"
        className={`bk-button icon ${isBusy ? "busy" : ""}`}
        aria-label="More actions"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        data-action-id={element.action_id}
        onClick={() => setOpen(!isOpen)}
      >
        ⋯
      </button>
      {isOpen && (
        <div className="menu" role="menu">
          {element.options.map((option) => (
            <button type="button" role="menuitem" tabIndex={-1} key={option.value} onClick={() => choose(option)}>
              {plain(option.text)}
              {option.description && <small>{plain(option.description)}</small>}
            </button>
          ))}
        </div>
      )}
      {dialog}
    </span>
  );
}

const INPUT_TYPES = {
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

const toLocal = (seconds) => {
  const at = new Date(seconds * 1000);
  return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
};

function Text({ element, blockId, label, dispatches }) {
  const { value, set, tell, dialog } = useElement(element, blockId, dispatches);
  const isMoment = element.type === "datetimepicker";
  const isPicker = /picker$/.test(element.type);
  const read = (text) => (text === "" ? null : isMoment ? Math.floor(new Date(text) / 1000) : text);
  const shared = {
    className: "bk-text",
    "aria-label": label ?? (plain(element.placeholder) || element.type.replaceAll("_", " ")),
    "data-action-id": element.action_id,
    placeholder: plain(element.placeholder),
    value: value === null ? "" : isMoment ? toLocal(value) : value,
    onChange: (event) => set(read(event.target.value), isPicker),
  };
  if (element.multiline) return <textarea {...shared} rows={4} maxLength={element.max_length ?? 3000} />;
  const onEnter = (event) => event.key === "Enter" && dispatches && (event.preventDefault(), tell(value));
  return (
    <>
      <input
        {...shared}
        type={INPUT_TYPES[element.type] ?? "text"}
        step={element.is_decimal_allowed ? "any" : undefined}
        min={element.min_value}
        max={element.max_value}
        maxLength={element.max_length ?? 3000}
        onKeyDown={onEnter}
      />
      {dialog}
    </>
  );
}

function Feedback({ element, blockId }) {
  const { tell, isBusy } = useElement(element, blockId);
  const face = (button, sign) =>
    button && (
      <button
        type="button"
        className="bk-button icon"
        aria-disabled={isBusy || undefined}
        aria-label={button.accessibility_label ?? plain(button.text)}
        title={plain(button.text)}
        onClick={() => tell(button.value)}
      >
        {sign}
      </button>
    );
  return (
    <>
      {face(element.positive_button, "👍")}
      {face(element.negative_button, "👎")}
    </>
  );
}

function IconButton({ element, blockId }) {
  const { tell, isBusy, dialog } = useElement(element, blockId);
  const name = element.accessibility_label ?? plain(element.text);
  return (
    <>
      <button type="button" className="bk-button icon" aria-disabled={isBusy || undefined} aria-label={name} title={name} onClick={() => tell(element.value)}>
        {element.icon === "trash" ? "🗑" : "•"}
      </button>
      {dialog}
    </>
  );
}

export function Picture({ element, className = "bk-image" }) {
  const id = element.slack_file?.id ?? element.slack_file?.url?.split("/").pop();
  const source = id ? `/files/${encodeURIComponent(id)}` : safeLink(element.image_url);
  return source ? <img className={className} src={source} alt={element.alt_text ?? ""} /> : null;
}

/** One element; null for a type that Slack itself would draw differently on each client. */
export function Element({ element, blockId, label, dispatches }) {
  const props = { element, blockId, label, dispatches };
  if (element.type === "button" || element.type === "workflow_button") return <Button {...props} />;
  if (element.type === "overflow") return <Overflow {...props} />;
  if (element.type === "image") return <Picture {...props} className="bk-thumb" />;
  if (element.type === "feedback_buttons") return <Feedback {...props} />;
  if (element.type === "icon_button") return <IconButton {...props} />;
  if (/^(checkboxes|radio_buttons|multi_.*_select)$/.test(element.type)) return <Choices {...props} />;
  if (/_select$/.test(element.type)) return <Select {...props} />;
  if (/(_input|picker)$/.test(element.type)) return <Text {...props} />;
  return null;
}
