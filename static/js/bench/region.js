// Choosing the part of a picture that is to change. Loaded when it is first wanted.
// The region is a list of operations in the picture's pixels: undo draws it anew, and a step
// that one comes back to has its region again. It is encoded once, when the order is sent.

import { composer } from "../composer.js";
import { Pointers } from "./pointers.js";
import { Sheet } from "./sheet.js";
import { View } from "./view.js";

const KEY = "easel.region:";
const MOST_KEPT = 200_000;
const ZOOMS = { in: 1.5, out: 1 / 1.5, fit: 0 };
const ON_ORDER = ["htmx:confirm", "htmx:configRequest", "htmx:afterRequest"];

class RegionTool extends HTMLElement {
  connectedCallback() {
    this.replaceChildren(document.importNode(document.getElementById("region-tools").content, true));
    const section = this.closest(".bench");
    const { image, width, height, feather } = section.dataset;
    this.key = image ? KEY + image : "";
    this.frame = section.querySelector(".bench-frame");
    this.size = { width: Number(width), height: Number(height) };
    this.fields = Object.fromEntries([...this.querySelectorAll("[name]")].map((each) => [each.name, each]));
    this.#setUp(Number(feather));
    this.sheet = new Sheet(this.frame, this.size);
    this.view = new View(this.frame, (scale) => this.#sayZoom(scale));
    this.pointers = new Pointers(this);
    this.sheet.take(recall(this.key));
    this.frame.classList.add("is-region");
    this.addEventListener("click", this);
    this.addEventListener("input", this);
    this.addEventListener("focusin", this);
    this.addEventListener("focusout", this);
    this.frame.addEventListener("keydown", this);
    this.addEventListener("keydown", this);
    for (const name of ON_ORDER) composer().form.addEventListener(name, this);
    this.choose("brush");
    this.changed();
    if (!this.hasAttribute("quiet")) this.sheet.canvas.focus({ preventScroll: true });
  }

  disconnectedCallback() {
    for (const name of ON_ORDER) composer()?.form.removeEventListener(name, this);
    this.frame.removeEventListener("keydown", this);
    this.frame.classList.remove("is-region");
    this.view.end();
    this.sheet.end();
    composer()?.quote.show();
  }

  handleEvent(event) {
    if (event.type === "htmx:confirm") this.#confirm(event);
    else if (event.type === "htmx:configRequest") this.#send(event);
    else if (event.type === "htmx:afterRequest") this.#sent(event);
    else if (event.type === "click") this.#act(event.target.closest("button")?.value);
    else if (event.type === "input") this.#input(event.target);
    else if (event.type === "keydown") this.#key(event);
    else this.#showNumbers(event.type === "focusin" && event.target.closest(".region-numbers"));
  }

  /** Across, in pixels of the picture. */
  get brush() {
    return Math.max(1, (Number(this.fields.brush.value) / 100) * Math.min(this.size.width, this.size.height));
  }

  get feather() {
    return Number(this.fields.feather.value);
  }

  choose(tool) {
    this.tool = tool;
    for (const each of this.querySelectorAll("[aria-pressed]")) each.setAttribute("aria-pressed", String(each.value === tool));
    this.sheet.canvas.dataset.tool = tool;
    this.pointers.showCursor();
  }

  /** A feather in pixels, where another one than the usual is wanted. */
  soften(feather) {
    if (feather === undefined) return;
    this.fields.feather.value = feather;
    this.#sayFeather();
    composer().quote.show();
  }

  add(operation) {
    this.sheet.add(operation);
    this.changed();
  }

  /** Says how much is chosen, and keeps it for when one comes back. */
  changed() {
    const part = this.sheet.part();
    this.isEmpty = part === 0;
    if (this.isBlamed && !this.isEmpty) composer().say("");
    this.isBlamed &&= this.isEmpty;
    const percent = part < 0.01 ? "Under 1" : Math.round(100 * part);
    this.querySelector("output[name=part]").textContent = this.isEmpty ? "Nothing is chosen yet" : `${percent} % of the picture`;
    this.querySelector("[value=undo]").disabled = !this.sheet.operations.length;
    remember(this.key, this.sheet.operations);
    composer().quote.show();
  }

  /** To a form that asks what would be sent. */
  describe(fields) {
    fields.set("has_region", "on");
    fields.set("feather", String(this.feather));
    if (this.isEmpty) fields.set("is_region_empty", "on");
  }

  #setUp(feather) {
    const { width, height } = this.size;
    this.fields.feather.max = Math.max(8, Math.round(Math.min(width, height) / 8));
    this.fields.feather.value = feather;
    const start = { left: width / 4, top: height / 4, width: width / 2, height: height / 2 };
    for (const [name, value] of Object.entries(start)) {
      const isAcross = name === "left" || name === "width";
      Object.assign(this.fields[name], { value: Math.round(value), max: isAcross ? width : height });
    }
    this.#sayFeather();
  }

  #sayFeather() {
    this.querySelector("output[name=feather-said]").textContent = `${this.feather} px`;
    this.frame.style.setProperty("--feather", String(this.feather / this.size.width));
  }

  #act(value) {
    if (["brush", "eraser", "rectangle"].includes(value)) this.choose(value);
    if (value === "invert" || value === "clear") this.add({ kind: value });
    if (value === "undo") this.#undo();
    if (value in ZOOMS) this.view.zoom(ZOOMS[value]);
    if (value === "add-rectangle") this.add({ kind: "rectangle", ...this.#numbers() });
    if (value === "take-rectangle") this.add({ kind: "rectangle", ...this.#numbers(), isAway: true });
  }

  #undo() {
    this.sheet.undo();
    this.changed();
  }

  #sayZoom(scale) {
    this.querySelector("[data-zoom]").textContent = `${Math.round(scale * 100)} %`;
  }

  #input(field) {
    if (field === this.fields.feather) {
      this.#sayFeather();
      composer().quote.show();
    }
    if (field === this.fields.brush) this.pointers.showCursor();
    if (field.closest(".region-numbers")) this.#showNumbers(true);
  }

  #numbers() {
    const read = (name, most) => Math.min(most, Math.max(0, Math.round(this.fields[name].valueAsNumber) || 0));
    const { width, height } = this.size;
    return { left: read("left", width), top: read("top", height), width: read("width", width), height: read("height", height) };
  }

  #showNumbers(isShown) {
    this.sheet.band(isShown ? this.#numbers() : null);
  }

  #key(event) {
    const isUndo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey);
    const isWriting = event.target.matches("input[type=number]");
    if (isUndo && !isWriting) {
      event.preventDefault();
      this.#undo();
    } else if (event.target === this.sheet.canvas && !event.ctrlKey && !event.metaKey && !event.altKey) this.#canvasKey(event);
  }

  #canvasKey(event) {
    const values = { p: "brush", e: "eraser", r: "rectangle", i: "invert", "+": "in", "=": "in", "-": "out", 0: "fit" };
    const value = values[event.key.toLowerCase()];
    if (value) this.#act(value);
    else if (event.key === "[" || event.key === "]") this.#grow(event.key === "]" ? 1 : -1);
    else if (!this.pointers.key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #grow(by) {
    this.fields.brush.value = Number(this.fields.brush.value) + by;
    this.pointers.showCursor();
  }

  /** Nothing is sent before the region is encoded, and nothing for a region that is empty. */
  async #confirm(event) {
    if (event.target !== composer().form || this.blob) return;
    event.preventDefault();
    if (this.isEmpty) {
      this.isBlamed = true;
      composer().say("Paint what is to change first, or close the region.");
      return;
    }
    this.blob = await this.sheet.encoded();
    event.detail.issueRequest(true);
    this.blob = null;
  }

  #send({ detail }) {
    if (!this.blob) return;
    detail.formData.append("mask", this.blob, "region.png");
    detail.formData.append("feather", String(this.feather));
  }

  /** A photo that went up is an image now: its region is kept under its name. */
  #sent({ target, detail: { successful } }) {
    if (target !== composer().form || !successful || this.key) return;
    const { source } = document.querySelector("#jobs > [data-job]")?.dataset ?? {};
    if (source) remember(KEY + source, this.sheet.operations);
  }
}

function remember(key, operations) {
  if (!key) return;
  const text = JSON.stringify(operations);
  try {
    if (text.length > MOST_KEPT || !operations.length) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, text);
  } catch {
    // Not kept, then.
  }
}

function recall(key) {
  try {
    return key ? JSON.parse(sessionStorage.getItem(key)) ?? [] : [];
  } catch {
    return [];
  }
}

customElements.define("region-tool", RegionTool);
