// Where the keyboard is while a dialog is open.
import { useEffect, useLayoutEffect, useRef } from "react";

const FOCUSABLE = "button:not([disabled]), input, select, textarea, a[href], [tabindex='0']";

/** Keeps the focus within a dialog, and gives it back afterwards; returns the dialog's onKeyDown. */
export function useFocusTrap(frame, onEscape) {
  const before = useRef(null);
  useLayoutEffect(() => {
    before.current = document.activeElement;
  }, []);
  useEffect(() => {
    const first = frame.current.querySelector("[data-autofocus], .modal-body input, .modal-body select, .modal-body textarea");
    (first ?? frame.current).focus();
    return () => setTimeout(() => before.current?.focus?.());
  }, [frame]);
  return (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onEscape();
    }
    if (event.key !== "Tab") return;
    const all = [...frame.current.querySelectorAll(FOCUSABLE)].filter((each) => each.offsetParent !== null);
    const edge = event.shiftKey ? all[0] : all.at(-1);
    if (document.activeElement === edge || document.activeElement === frame.current) {
      event.preventDefault();
      (event.shiftKey ? all.at(-1) : all[0])?.focus();
    }
  };
}
