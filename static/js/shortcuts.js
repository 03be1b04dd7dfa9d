// Single keys: each goes to the control that bears it, in the card that has the focus first.

import { keep, kept } from "./keeping.js";

const OFF = "easel.keys-off";
const CARD = "[data-job]";

class PageKeys extends HTMLElement {
  connectedCallback() {
    this.box = this.querySelector("#keys-on");
    this.box.checked = kept(OFF) === null;
    this.box.addEventListener("change", () => keep(OFF, this.box.checked ? null : "1"));
    document.addEventListener("keydown", this);
    document.addEventListener("click", this);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this);
    document.removeEventListener("click", this);
  }

  handleEvent(event) {
    if (event.type === "click") this.#open(event);
    else this.#key(event);
  }

  #open(event) {
    const opener = event.target.closest?.("[data-opens]");
    if (event.target.closest?.("dialog") === event.target && event.target.id === "keys") event.target.close();
    if (!opener || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    const dialog = document.getElementById(opener.dataset.opens);
    dialog.showModal();
    dialog.dispatchEvent(new Event("easel:open", { bubbles: true }));
  }

  #key(event) {
    const isWriting = event.target.closest("input:not([type=checkbox], [type=radio], [type=file], [type=range]), textarea, select, dialog[open]");
    if (isWriting || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !this.box.checked) return;
    const key = event.key.toLowerCase();
    if (key === "j" || key === "k") this.#step(key === "j" ? 1 : -1, event);
    else this.#press(key, event);
  }

  #press(key, event) {
    if (!/^[a-z/?]$/.test(key)) return;
    const bearer = `[data-key="${key}"]`;
    const control = event.target.closest(CARD)?.querySelector(bearer)
      ?? [...document.querySelectorAll(bearer)].find((each) => !each.closest(CARD));
    if (!control || control.closest("[hidden]")) return;
    event.preventDefault();
    if (control.matches("textarea, select")) control.focus();
    else control.click();
  }

  #step(by, event) {
    const cards = [...document.querySelectorAll(CARD)];
    const at = cards.indexOf(event.target.closest(CARD));
    const next = cards[at < 0 ? (by > 0 ? 0 : -1) : at + by];
    const target = next?.querySelector("a, button");
    if (!target) return;
    event.preventDefault();
    target.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest", behavior: "instant" });
  }
}

customElements.define("page-keys", PageKeys);
