// The form: prompt, photo, settings, and the price before the button is pressed.

import { Draft } from "./draft.js";
import { takeFromPage } from "./drops.js";
import { dollars } from "./money.js";
import { Photo } from "./photo.js";
import { isOurs, problem, signIn } from "./problems.js";
import { History, forget } from "./prompts.js";
import { Quote } from "./quote.js";
import { Sending } from "./sending.js";
import { Settings } from "./settings.js";
import { wayOut } from "./ways.js";

const NARROW = "(max-width: 40rem)"; // where the form covers the results, as in composer.css
const UNREACHED = {
  true: "The server did not answer. Try again: what arrived already is not made twice.",
  false: "You are offline. Nothing was sent.",
};

class StudioForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.prompt = this.form.elements.prompt;
    this.button = this.querySelector("#create");
    this.upload = this.querySelector("#upload");
    this.sending = new Sending();
    this.history = new History(this.prompt);
    const changed = () => this.show();
    this.photo = new Photo(this.form, { changed, say: (...words) => this.say(...words) });
    this.settings = new Settings(this.form, {
      changed,
      isEdit: () => this.photo.isThere,
      isFresh: !this.querySelector("#refused li"),
    });
    this.quote = new Quote(this.form, this.photo);
    this.photo.look();
    takeFromPage(this.photo, () => this.prompt.focus());
    this.draft = new Draft(this.prompt, this.photo);
    this.draft.recall();
    this.prompt.addEventListener("keydown", (event) => this.#key(event));
    this.form.addEventListener("keydown", once, true);
    this.form.addEventListener("input", changed);
    this.button.addEventListener("click", (event) => {
      if (event.detail > 1) event.preventDefault(); // a double click pays once
    });
    for (const name of ["htmx:beforeRequest", "htmx:xhr:progress", "htmx:afterRequest", "htmx:sendError"]) {
      this.form.addEventListener(name, this);
    }
    document.addEventListener("htmx:beforeSwap", (event) => this.#beforeSwap(event));
    document.addEventListener("easel:signed-out", () => this.say("You are signed out.", signIn()));
    addEventListener("online", () => {
      if (this.querySelector("#refused").textContent === UNREACHED.false) this.say("");
    });
    addEventListener("pageshow", changed);
    this.show();
  }

  handleEvent(event) {
    if (event.target !== this.form) return;
    const { detail } = event;
    if (event.type === "htmx:beforeRequest") this.#before(event);
    else if (event.type === "htmx:xhr:progress") this.#progress(detail);
    else if (event.type === "htmx:sendError") this.#unreached();
    else this.#after(detail);
  }

  /** Shows what the button would do now, and for how much. */
  show() {
    const isEdit = this.photo.isThere;
    this.settings.show();
    this.draft?.keep();
    this.#countWords();
    this.prompt.placeholder = isEdit ? this.prompt.dataset.hintEdit : this.prompt.dataset.hint;
    const option = this.settings.option;
    if (!option) return;
    const verb = isEdit ? "Edit" : "Create";
    this.querySelector(".create-verb").textContent = this.count > 1 ? `${verb} ${this.count}` : verb;
    this.querySelector(".create-price").textContent = dollars(Number(option.dataset.price) * this.count);
    this.quote?.show();
  }

  get count() {
    const { max, valueAsNumber } = this.form.elements.count;
    return Math.min(Number(max), Math.max(1, Math.floor(valueAsNumber) || 1));
  }

  /** Puts words into the box, ready to go on writing. */
  write(words) {
    this.prompt.value = words;
    this.show();
    this.focusPrompt();
    this.prompt.setSelectionRange(words.length, words.length);
  }

  /** A sentence beside the prompt, in the place of the server's own. */
  say(sentence, way = null) {
    const room = this.querySelector("#refused");
    room.replaceChildren();
    for (const field of this.form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    if (!sentence) return;
    const list = document.createElement("ul");
    list.append(Object.assign(document.createElement("li"), { textContent: sentence }));
    room.append(list);
    if (way) room.append(wayOut(way));
  }

  /** Fills the form from a card; what was an edit of a region becomes one again. */
  reuse(card) {
    const { prompt, source, region, feather, ...kept } = card.dataset;
    this.prompt.value = prompt;
    this.region = { isWanted: region !== undefined, feather };
    const shape = card.querySelector("svg[viewBox]")?.getAttribute("viewBox").split(" ").slice(2).map(Number);
    if (source) this.photo.useImage(source, "The same photo", shape);
    else this.photo.clear();
    this.settings.use({ ...kept, textMode: "textMode" in card.dataset });
    this.focusPrompt();
  }

  focusPrompt() {
    this.prompt.focus({ preventScroll: true });
    this.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  #countWords() {
    const most = Number(this.settings.option?.dataset.maxPrompt ?? 512);
    const length = [...this.prompt.value].length;
    const output = this.querySelector("#prompt-count");
    output.textContent = `${length} / ${most}`;
    output.classList.toggle("is-near", length > most * 0.8);
    output.classList.toggle("is-over", length > most);
  }

  #key(event) {
    if (event.isComposing || this.history.key(event)) return;
    if (event.key === "Escape") this.prompt.blur();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    if (!this.button.disabled) this.form.requestSubmit(this.button);
  }

  #before(event) {
    if (this.photo.why) {
      event.preventDefault();
      this.say(...this.photo.why);
      return;
    }
    this.say("");
    const words = this.prompt.value;
    if (!words.trim()) return;
    if (matchMedia(NARROW).matches) for (const each of this.querySelectorAll("details[open]")) each.open = false;
    this.sending.begin({ count: this.count, shape: this.#shape(), words });
  }

  /** [width, height] of what will be made, as far as it is known here. */
  #shape() {
    const size = this.settings.size.split("x").map(Number);
    return size.length === 2 ? size : this.photo.shape ?? [1, 1];
  }

  #progress({ lengthComputable, loaded, total }) {
    if (!lengthComputable || total < 200_000) return;
    this.sending.progress(loaded, total);
    this.upload.hidden = false;
    this.upload.max = total;
    this.upload.value = loaded;
  }

  #unreached() {
    this.sending.end();
    this.say(UNREACHED[String(navigator.onLine)]);
  }

  /** Fires on the target of the swap; an order's is the list of cards. */
  #beforeSwap({ detail }) {
    if (detail.requestConfig.elt === this.form) this.sending.end();
    if (isOurs(detail.xhr)) return;
    detail.shouldSwap = false;
    detail.isError = true;
    const { sentence, way } = problem(detail.xhr);
    const isOrder = detail.requestConfig.elt === this.form;
    this.say(isOrder ? sentence : sentence.replace(" Not charged.", ""), way);
  }

  #after({ successful, xhr }) {
    this.upload.hidden = true;
    this.sending.end();
    if (!successful) {
      if (xhr.status === 422 && isOurs(xhr)) this.#markFields();
      return;
    }
    forget(); // the list of prompts has one more
    const newest = document.querySelector("#jobs > [data-job]");
    this.photo.keepAs(newest?.dataset.source);
    if (!this.photo.isThere) newest?.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  #markFields() {
    const names = this.querySelector("#refused").dataset.fields?.split(" ").filter(Boolean) ?? [];
    for (const field of this.form.elements) {
      if (names.includes(field.name) && field.type !== "hidden") field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    if (names.includes("photo")) this.photo.refuse(this.querySelector("#refused").innerText.replace(/\s+/g, " ").trim());
    if (names.some((name) => ["steps", "cfg_scale", "seed", "size", "negative_prompt", "model"].includes(name))) this.settings.box.open = true;
  }
}

/** A key that is held down pays once. */
function once(event) {
  if (event.key !== "Enter" || !event.repeat || event.shiftKey || !event.target.matches("#prompt, input, button")) return;
  event.preventDefault();
  event.stopPropagation();
}

/** The page's one form, for elements elsewhere on it. */
export function composer() {
  return document.querySelector("studio-form");
}

customElements.define("studio-form", StudioForm);
