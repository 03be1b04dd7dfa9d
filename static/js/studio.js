// The studio's form: prompt, photo, settings, and the price before the button is pressed.

import { dollars } from "./money.js";
import { Photo, takeFromPage } from "./photo.js";
import { Settings } from "./settings.js";

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
    const changed = () => this.show();
    this.photo = new Photo(this.form, { changed, say: (...words) => this.say(...words) });
    this.settings = new Settings(this.form, {
      changed,
      isEdit: () => this.photo.isThere,
      isFresh: !this.querySelector("#refused li"),
    });
    takeFromPage(this.photo, () => this.prompt.focus());
    keepDraft(this.prompt);
    this.prompt.addEventListener("keydown", (event) => this.#key(event));
    this.form.addEventListener("input", changed);
    this.button.addEventListener("click", (event) => {
      if (event.detail > 1) event.preventDefault(); // a double click pays once
    });
    for (const name of ["htmx:beforeRequest", "htmx:xhr:progress", "htmx:afterRequest", "htmx:beforeSwap", "htmx:sendError"]) {
      this.form.addEventListener(name, this);
    }
    addEventListener("pageshow", changed);
    this.show();
  }

  handleEvent(event) {
    if (event.target !== this.form) return;
    const { detail } = event;
    if (event.type === "htmx:beforeRequest") this.#before(event);
    else if (event.type === "htmx:xhr:progress") this.#progress(detail);
    else if (event.type === "htmx:beforeSwap") this.#beforeSwap(detail.xhr);
    else if (event.type === "htmx:sendError") this.say(UNREACHED[String(navigator.onLine)]);
    else this.#after(detail);
  }

  /** Shows what the button would do now, and for how much. */
  show() {
    const isEdit = this.photo.isThere;
    this.settings.show();
    this.#count();
    this.prompt.placeholder = isEdit ? this.prompt.dataset.hintEdit : this.prompt.dataset.hint;
    const option = this.settings.option;
    if (!option) return;
    const count = Math.min(10, Math.max(1, Math.floor(this.form.elements.count.valueAsNumber) || 1));
    const verb = isEdit ? "Edit" : "Create";
    this.button.textContent = `${verb}${count > 1 ? ` ${count}` : ""} · ${dollars(Number(option.dataset.price) * count)}`;
    this.#checkModel(option, isEdit);
  }

  /** A sentence beside the prompt, in the place of the server's own. */
  say(sentence, way = null) {
    const room = this.querySelector("#refused");
    room.replaceChildren();
    this.prompt.removeAttribute("aria-invalid");
    if (!sentence) return;
    const list = document.createElement("ul");
    list.append(Object.assign(document.createElement("li"), { textContent: sentence }));
    room.append(list);
    if (way) {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "button is-small", textContent: way.label });
      button.addEventListener("click", way.act);
      room.append(button);
    }
  }

  /** Fills the form from a card. */
  reuse(card) {
    const { prompt, source, ...kept } = card.dataset;
    this.prompt.value = prompt;
    if (source) this.photo.useImage(source, "The same photo");
    else this.photo.clear();
    this.settings.use({ ...kept, textMode: "textMode" in card.dataset });
    this.focusPrompt();
  }

  focusPrompt() {
    this.prompt.focus({ preventScroll: true });
    this.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  #count() {
    const most = Number(this.settings.option?.dataset.maxPrompt ?? 512);
    const length = [...this.prompt.value].length;
    const output = this.querySelector("#prompt-count");
    output.textContent = `${length} / ${most}`;
    output.classList.toggle("is-near", length > most * 0.8);
    output.classList.toggle("is-over", length > most);
  }

  #checkModel(option, isEdit) {
    const can = isEdit ? "edit" in option.dataset : "generate" in option.dataset;
    if (can || option.parentElement.options.length < 2) return;
    const other = [...option.parentElement.options].find((each) => (isEdit ? "edit" : "generate") in each.dataset);
    if (!other) return;
    this.form.elements.model.value = other.value;
    this.show();
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.button.disabled) this.form.requestSubmit(this.button);
  }

  #before(event) {
    if (this.photo.isTooLarge) {
      event.preventDefault();
      this.say(`${this.photo.file.dataset.sayBytes} Not charged.`);
      return;
    }
    this.say("");
  }

  #progress({ lengthComputable, loaded, total }) {
    if (!lengthComputable || total < 200_000) return;
    this.upload.hidden = false;
    this.upload.max = total;
    this.upload.value = loaded;
  }

  /** Pages of errors are whole pages; their words are shown beside the prompt. */
  #beforeSwap(xhr) {
    if (xhr.status < 400 || xhr.status === 422 || xhr.status === 503) return;
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-problem]");
    const words = [...(page?.querySelectorAll("h1, h1 + p") ?? [])].map((each) => each.textContent.trim());
    this.say(words.length ? `${words.join(". ")} Not charged.` : "Something went wrong here. Not charged.");
  }

  #after({ successful, xhr }) {
    this.upload.hidden = true;
    if (!successful) {
      if (xhr.status === 422) this.#markFields();
      return;
    }
    const newest = document.querySelector("#jobs > [data-job]");
    this.photo.keepAs(newest?.dataset.source);
    newest?.scrollIntoView({ block: "nearest", behavior: "instant" });
  }

  #markFields() {
    const names = this.querySelector("#refused").dataset.fields?.split(" ") ?? [];
    for (const field of this.form.elements) {
      if (names.includes(field.name) && field.type !== "hidden") field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    if (names.some((name) => ["steps", "cfg_scale", "seed", "size", "negative_prompt", "model"].includes(name))) this.settings.box.open = true;
  }
}

class CountStepper extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    for (const button of this.querySelectorAll("button")) button.hidden = false;
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const value = (this.input.valueAsNumber || 1) + Number(button.value);
      this.input.value = Math.min(10, Math.max(1, value));
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

/** Going back to the page, or loading it again, brings the words back. */
function keepDraft(prompt) {
  const key = "easel.draft";
  const how = performance.getEntriesByType("navigation")[0]?.type;
  try {
    if (how !== "navigate" && !prompt.value) prompt.value = sessionStorage.getItem(key) ?? "";
    prompt.addEventListener("input", () => sessionStorage.setItem(key, prompt.value));
  } catch {
    // Not kept, then.
  }
}

function studio() {
  return document.querySelector("studio-form");
}

/** "Edit this": the result is the next input, without leaving the page. */
class UseSource extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      studio().photo.useImage(this.getAttribute("image"), this.closest("[data-job]").dataset.prompt);
      studio().prompt.select();
      studio().focusPrompt();
    });
  }
}

class UseSettings extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", () => studio().reuse(this.closest("[data-job]")));
  }
}

class ExamplePrompts extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      studio().prompt.value = button.textContent;
      studio().show();
      studio().focusPrompt();
    });
  }
}

customElements.define("studio-form", StudioForm);
customElements.define("count-stepper", CountStepper);
customElements.define("use-source", UseSource);
customElements.define("use-settings", UseSettings);
customElements.define("example-prompts", ExamplePrompts);
