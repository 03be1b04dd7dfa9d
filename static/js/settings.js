// The settings of the chosen model: its sizes and limits, remembered in this browser.

import { keep, kept } from "./keeping.js";

const KEY = "easel.settings";
const REMEMBERED = ["model", "steps", "cfg_scale", "negative_prompt", "text_mode", "seed"];

export class Settings {
  constructor(form, { changed, isEdit, isFresh }) {
    this.form = form;
    this.fields = form.elements;
    this.box = form.querySelector("#settings");
    this.said = form.querySelector("#settings-said");
    this.lock = form.querySelector("seed-lock button");
    this.note = form.querySelector("#model-note");
    this.chosen = ""; // the person's, while another model stands in for it
    this.changed = changed;
    this.isEdit = isEdit;
    this.sizes = {};
    if (isFresh) this.#recall();
    this.lock.addEventListener("click", () => this.#toggleLock());
    this.box.addEventListener("toggle", () => this.#remember());
    this.box.addEventListener("input", (event) => this.#touched(event.target));
    const reset = form.querySelector("#settings-reset");
    reset.addEventListener("click", () => this.use({ model: this.fields.model.value }));
  }

  get option() {
    return this.fields.model.selectedOptions[0];
  }

  /** The size that will be made; "" for an edit that keeps the photo's. */
  get size() {
    return this.#shownSizes()?.querySelector(":checked")?.value ?? "";
  }

  /** Fills in what is given; all else becomes the model's own. */
  use({ model, size, seed = "", steps = "", cfg = "", negative = "", textMode = false }) {
    this.chosen = "";
    if ([...this.fields.model.options].some((each) => each.value === model)) this.fields.model.value = model;
    this.fields.seed.value = seed;
    this.fields.steps.value = steps;
    this.fields.cfg_scale.value = cfg;
    this.fields.negative_prompt.value = negative;
    this.fields.text_mode.checked = textMode;
    this.sizes = size ? { [this.#sizesKey()]: size } : {};
    this.changed();
    this.#remember();
  }

  /** The size, if the model makes it, and text mode; all else stays. */
  take({ size, textMode }) {
    if (size) this.sizes[this.#sizesKey()] = size;
    this.fields.text_mode.checked = textMode;
    this.changed();
    this.#remember();
  }

  /** Shows what the chosen model takes for what is being made. */
  show() {
    if (!this.option) return;
    this.#suit();
    const option = this.option;
    this.#showSizes();
    this.#limits(this.fields.steps, option.dataset.steps);
    this.#limits(this.fields.cfg_scale, option.dataset.cfg);
    this.form.querySelector("#model-about").textContent = option.dataset.about;
    this.form.querySelector("#photo-terms").textContent = option.dataset.photosGo;
    this.form.querySelector("#text-mode-field").hidden = !("textMode" in option.dataset);
    this.#showNegative(option.dataset.negative);
    this.lock.setAttribute("aria-pressed", String(this.fields.seed.value !== ""));
    this.said.textContent = this.#summary();
  }

  /** Lets another model stand in where the chosen one cannot, says so, and gives it back after. */
  #suit() {
    const kind = this.isEdit() ? "edit" : "generate";
    const options = [...this.fields.model.options];
    const chosen = options.find((each) => each.value === this.chosen) ?? this.option;
    const able = kind in chosen.dataset ? chosen : options.find((each) => kind in each.dataset) ?? chosen;
    this.fields.model.value = able.value;
    this.chosen = able === chosen ? "" : chosen.value;
    const cannot = kind === "edit" ? "cannot edit photos" : "only edits photos";
    const note = able === chosen ? "" : `${title(chosen)} ${cannot}; ${title(able)} will ${kind === "edit" ? "edit this one" : "make this picture"}.`;
    if (this.note.textContent !== note) this.note.textContent = note;
  }

  #showSizes() {
    const shown = this.#shownSizes();
    for (const each of this.form.querySelectorAll(".sizes")) {
      each.hidden = each.disabled = each !== shown;
    }
    this.form.querySelector("#size-kept").hidden = Boolean(shown);
    if (!shown) return;
    const wanted = this.sizes[this.#sizesKey()];
    const radios = [...shown.querySelectorAll("input")];
    (radios.find((each) => each.value === wanted) ?? radios.find((each) => each.checked) ?? radios[0]).checked = true;
  }

  #shownSizes() {
    const key = this.#sizesKey();
    return [...this.form.querySelectorAll(".sizes")].find((each) => `${each.dataset.model} ${each.dataset.kind}` === key);
  }

  #sizesKey() {
    return `${this.fields.model.value} ${this.isEdit() ? "edit" : "generate"}`;
  }

  #limits(field, text) {
    const [least, most, usual] = text.split(" ");
    Object.assign(field, { min: least, max: most, placeholder: usual, title: `${least} to ${most}` });
  }

  #showNegative(rule) {
    const cfg = Number(this.fields.cfg_scale.value || this.fields.cfg_scale.placeholder);
    const isIdle = rule.startsWith("unless") && cfg === 1;
    this.form.querySelector("#negative-field").hidden = !rule;
    this.form.querySelector("#negative-why").hidden = !isIdle;
    this.fields.negative_prompt.disabled = !rule || isIdle;
  }

  #summary() {
    const size = this.size.replace("x", " × ");
    const seed = this.fields.seed.value;
    const parts = [title(this.option), size || "the photo's size", seed && `seed ${seed}`];
    return parts.filter(Boolean).join(" · ");
  }

  #toggleLock() {
    const seed = this.fields.seed;
    const last = document.querySelector("#jobs [data-state=succeeded]")?.dataset.seed;
    seed.value = seed.value === "" ? last || Math.floor(Math.random() * 2 ** 31) : "";
    this.changed();
    this.#remember();
  }

  #touched(field) {
    if (field.name === "model") this.chosen = "";
    if (field.name === "size") this.sizes[this.#sizesKey()] = field.value;
    this.changed();
    this.#remember();
  }

  #remember() {
    const settings = { sizes: this.sizes, isOpen: this.box.open };
    for (const name of REMEMBERED) {
      const field = this.fields[name];
      settings[name] = field.type === "checkbox" ? field.checked : field.value;
    }
    settings.model = this.chosen || settings.model;
    keep(KEY, JSON.stringify(settings));
  }

  #recall() {
    try {
      const settings = JSON.parse(kept(KEY)) ?? {};
      this.sizes = settings.sizes ?? {};
      this.box.open = Boolean(settings.isOpen);
      for (const name of REMEMBERED) {
        const field = this.fields[name];
        const value = settings[name];
        if (field.type === "checkbox") field.checked = value === true;
        else if (typeof value !== "string") continue;
        else if (name !== "model" || [...field.options].some((each) => each.value === value)) field.value = value;
      }
    } catch {
      // What cannot be read is forgotten.
    }
  }
}

function title(option) {
  return option.text.split(" · ")[0];
}
