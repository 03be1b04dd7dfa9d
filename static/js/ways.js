// Ways out of a problem, beside the sentence that tells it.

import { takeAlong } from "./draft.js";

/** A button that does something, or a link that takes the draft along. */
export function wayOut({ label, act, href }) {
  const element = document.createElement(href ? "a" : "button");
  Object.assign(element, { className: "button is-small", textContent: label });
  Object.assign(element, href ? { href } : { type: "button" });
  element.addEventListener("click", act ?? takeAlong);
  return element;
}
