// Where the keyboard is while a dialog is open.
import { useLayoutEffect, useRef } from "react";

const FOCUSABLE = "button:not([disabled]), input, select, textarea, a[href], [tabindex='0']";

const open = [];

/** Keeps the focus within a dialog, and gives it back afterwards; returns the dialog's onKeyDown. */
export function useFocusTrap(frame, onEscape) {
  const escape = useRef(onEscape);
  useLayoutEffect(() => {
    escape.current = onEscape;
  });
  // Before the dialog is painted, so that a key pressed as it shows is the dialog's.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const first = frame.current.querySelector("[data-autofocus], .modal-body input, .modal-body select, .modal-body textarea");
    (first ?? frame.current).focus();
    open.push(escape);
    // On the document: what had the focus may have gone from the page with the last change of the view.
    const leave = (event) => {
      if (event.key === "Escape" && !event.defaultPrevented && open.at(-1) === escape) {
        event.preventDefault();
        escape.current();
      }
    };
    document.addEventListener("keydown", leave);
    return () => {
      document.removeEventListener("keydown", leave);
      open.splice(open.indexOf(escape), 1);
      setTimeout(() => before?.focus?.());
    };
  }, [frame]);
  return (event) => {
    if (event.key !== "Tab") return;
    const all = [...frame.current.querySelectorAll(FOCUSABLE)].filter((each) => each.offsetParent !== null);
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement === edge || document.activeElement === frame.current) {
      event.preventDefault();
      (event.shiftKey ? all.at(-1) : all[0])?.focus();
    }
  };
}
