// The picture that is being worked on: shown large, with what can be done to it, and its chain.
// The form says which picture that is; the address follows, so a reload and "back" find it again.

import { composer } from "./composer.js";
import { ratioClass } from "./sending.js";
import { Again } from "./bench/again.js";
import { Awaited } from "./bench/awaited.js";
import "./bench/compare.js";
import { decoded, part } from "./bench/parts.js";

const VARIATIONS = 4;
const WRITING = "input:not([type=checkbox], [type=radio], [type=file], [type=range]), textarea, select, dialog";

class EditBench extends HTMLElement {
  #again = new Again();
  #coming = null;
  #file = null;
  #isBack = false;
  #isQuiet = false;
  #loading = null;
  #sentRegion = null;

  connectedCallback() {
    this.awaited = new Awaited((card) => this.#goOn(card), () => this.#renewChain());
    document.addEventListener("easel:photo", this);
    document.addEventListener("htmx:afterRequest", this);
    document.addEventListener("htmx:oobAfterSwap", this);
    document.addEventListener("keydown", this);
    document.addEventListener("keyup", this);
    addEventListener("popstate", this);
    for (const type of ["click", "pointerdown", "pointerup", "pointercancel", "pointerleave"]) this.addEventListener(type, this);
    this.#dress();
    this.#follow("replaceState");
  }

  disconnectedCallback() {
    for (const type of ["easel:photo", "htmx:afterRequest", "htmx:oobAfterSwap", "keydown", "keyup"]) document.removeEventListener(type, this);
    removeEventListener("popstate", this);
  }

  handleEvent(event) {
    if (event.type === "popstate") this.#back();
    else if (event.type === "easel:photo") {
      this.#isQuiet ||= Boolean(event.detail?.isSame); // the page stays where the person has it
      this.#follow("pushState");
    }
    else if (event.type === "htmx:afterRequest") this.#sent(event.detail);
    else if (event.type === "htmx:oobAfterSwap") this.awaited.look(this.news);
    else if (event.type.startsWith("key")) this.#key(event);
    else if (event.type === "click") this.#click(event);
    else this.#hold(event);
  }

  get shown() {
    return this.querySelector(".bench");
  }

  get news() {
    return this.querySelector(".bench-news");
  }

  get compare() {
    return this.querySelector("compare-slider");
  }

  get region() {
    return this.querySelector("region-tool");
  }

  /** Shows the picture that the form holds now. */
  #follow(how) {
    this.#again.countAsBefore();
    const { source, file } = composer().photo;
    const id = source.value;
    if (!id && !file.files.length) this.#close(how);
    else if (!id) this.#showFile(file.files[0]);
    else if (id !== this.shown?.dataset.image) this.#loading = this.#load(id, how);
    else {
      this.#isQuiet = false;
      this.#remember(id, "replaceState");
      this.#suitRegion();
    }
  }

  async #load(id, how) {
    const coming = this.#begin();
    const isQuiet = this.#isQuiet || how === "replaceState";
    this.#isQuiet = false;
    const fresh = await part(this.getAttribute("url") + id, coming.signal);
    if (coming.signal.aborted) return;
    if (!fresh) {
      composer().photo.refuse("This picture cannot be shown. It may have been deleted.");
      return;
    }
    await decoded(fresh.querySelector(".bench-image"));
    if (coming.signal.aborted) return;
    this.#remember(id, how);
    this.#show(fresh);
    if (!isQuiet) this.shown.scrollIntoView({ block: "nearest", behavior: "instant" });
    composer().photo.name.textContent = this.shown.dataset.title;
    this.awaited.look(this.news);
  }

  /** Others of the order have come: they are branches beside the step that is shown. */
  async #renewChain() {
    await this.#loading;
    const id = this.shown?.dataset.image;
    const fresh = id && (await part(this.getAttribute("url") + id));
    if (!fresh || this.shown?.dataset.image !== id) return;
    const step = document.activeElement?.closest?.("[data-step]")?.dataset.step;
    this.querySelector(".chain").replaceWith(fresh.querySelector(".chain"));
    this.#dress();
    if (step) this.querySelector(`[data-step="${step}"]`)?.focus({ preventScroll: true });
  }

  /** A photo that is still here only: it can be looked at, and a region of it be chosen. */
  async #showFile(file) {
    if (file === this.#file) return;
    const coming = this.#begin();
    this.#file = file;
    const fresh = document.importNode(this.querySelector("template").content, true);
    const image = fresh.querySelector(".bench-image");
    const url = URL.createObjectURL(file);
    image.src = fresh.querySelector(".chain-thumb").src = url;
    await decoded(image);
    if (coming.signal.aborted || !image.naturalWidth) return URL.revokeObjectURL(url);
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    const section = fresh.querySelector(".bench");
    Object.assign(section.dataset, { width, height, feather: Math.max(2, Math.floor(Math.min(width, height) / 64)) });
    section.classList.add(ratioClass(width, height));
    fresh.querySelector("svg").setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#show(fresh);
    return undefined;
  }

  #begin() {
    this.#coming?.abort();
    this.#file = null;
    this.#coming = new AbortController();
    return this.#coming;
  }

  #show(fresh) {
    const old = this.shown;
    const hadFocus = document.activeElement?.closest?.(".chain, .bench-bar")?.className;
    const url = old?.querySelector(".bench-image").src;
    if (url?.startsWith("blob:")) URL.revokeObjectURL(url);
    if (old) old.replaceWith(fresh);
    else this.append(fresh);
    this.hidden = false;
    htmx.process(this.shown);
    this.#dress();
    if (hadFocus) this.querySelector(hadFocus === "chain" ? ".is-here a" : ".bench-bar :is(button, a)")?.focus({ preventScroll: true });
    this.#suitRegion();
  }

  /** Open or closed, as what is made again had it. */
  #suitRegion() {
    const { region } = composer();
    if (!region) return;
    composer().region = null;
    if (region.isWanted) this.#openRegion({ isQuiet: true, feather: region.feather });
    else if (this.region) this.#toggleRegion();
  }

  #close(how) {
    this.#begin();
    if (how === "pushState" && location.search) history[this.#isBack ? "replaceState" : "pushState"](null, "", location.pathname);
    this.#isBack = false;
    this.shown?.remove();
    this.hidden = true;
  }

  /** What only works with this script, and the step that is shown in sight. */
  #dress() {
    for (const each of this.querySelectorAll(".bench-bar [hidden]:not(copy-button)")) each.hidden = false;
    const here = this.querySelector(".chain-step.is-here");
    const steps = here?.closest(".chain-steps");
    if (steps) steps.scrollLeft = here.offsetLeft - (steps.clientWidth - here.offsetWidth) / 2;
  }

  #remember(id, how) {
    const address = `${location.pathname}?source=${id}`;
    const isThere = `${location.pathname}${location.search}` === address;
    if (!isThere) history[this.#isBack ? "replaceState" : how](null, "", address);
    this.#isBack = false;
  }

  #back() {
    const id = new URLSearchParams(location.search).get("source") ?? "";
    const { photo } = composer();
    if (id === photo.source.value && !photo.file.files.length) return;
    this.#isBack = true;
    this.awaited.forget();
    if (id) photo.useImage(id, "");
    else photo.drop();
  }

  /** An order about this picture was accepted: its first result will take the picture's place. */
  #sent({ requestConfig: { elt }, successful }) {
    const { again, trashes, restores } = elt.dataset;
    if (successful && trashes) this.#stepBack(trashes);
    if (successful && restores) composer().photo.useImage(restores, "");
    if (!successful || (elt !== composer().form && again === undefined)) return;
    if (elt === composer().form) this.#again.countAsBefore();
    const { value } = composer().photo.source;
    this.#sentRegion = this.region;
    this.awaited.wait(value, this.news);
  }

  /** From a picture that was deleted to the one it was made of. */
  #stepBack(id) {
    const { image, source } = this.shown?.dataset ?? {};
    if (image !== id) return;
    if (source && this.querySelector(`[data-step="${source}"]`)) composer().photo.useImage(source, "");
    else composer().photo.clear();
  }

  /** The result is the next input, unless the person has gone elsewhere meanwhile. */
  #goOn({ dataset }) {
    if (composer().photo.source.value !== dataset.source || !dataset.image) return;
    if (this.region && this.region !== this.#sentRegion) return; // painting again already
    this.#isQuiet = true; // the page stays where the person has it
    composer().photo.useImage(dataset.image, dataset.prompt, shapeOf(document.getElementById(`job-${dataset.job}`)));
    const box = composer().prompt;
    if (box.value === dataset.prompt && [box, document.body].includes(document.activeElement)) box.select();
  }

  #click(event) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    const step = event.target.closest("[data-step]");
    const button = event.target.closest(".bench-bar button[value]");
    if (step) {
      event.preventDefault();
      this.awaited.forget();
      composer().photo.useImage(step.dataset.step, step.title);
    } else if (event.target.closest("[data-close]")) {
      event.preventDefault();
      composer().photo.clear();
      composer().focusPrompt();
    } else if (button) this.#act(button);
  }

  #act({ value }) {
    if (value === "compare") this.#compare();
    if (value === "region") this.#toggleRegion();
    if (value === "variations") this.#again.offer(this.shown, { seed: "", count: VARIATIONS });
    if (value === "again") this.#again.offer(this.shown, { seed: this.shown.dataset.seed, count: 1 });
    if (value === "settings") this.#again.useSettings(this.shown);
  }

  #compare() {
    if (this.region) this.#toggleRegion();
    const isOn = this.compare.toggle();
    this.#press("compare", isOn);
  }

  #press(value, isOn) {
    this.querySelector(`.bench-bar [value=${value}]`)?.setAttribute("aria-pressed", String(isOn));
  }

  /** Quietly: the focus stays where it is. */
  async #openRegion({ isQuiet = false, feather } = {}) {
    if (this.region) return this.region.soften(feather);
    if (this.compare?.isOn) this.#compare();
    const shown = this.shown;
    await import("./bench/region.js");
    if (shown !== this.shown || this.region) return undefined;
    const tool = document.createElement("region-tool");
    tool.toggleAttribute("quiet", isQuiet);
    shown.querySelector(".bench-bar").after(tool);
    tool.soften(feather);
    this.#press("region", true);
    return undefined;
  }

  #toggleRegion() {
    if (!this.region) return this.#openRegion();
    this.region.remove();
    this.#press("region", false);
    return undefined;
  }

  #hold(event) {
    const isButton = event.target.closest?.("button[value=flip]");
    if (event.type === "pointerdown" && isButton) {
      isButton.setPointerCapture(event.pointerId);
      this.compare?.flip(true);
    }
    else if (event.type !== "pointerdown") this.compare?.flip(false);
  }

  /** B is held to see the picture before; so is the button, with Space or Enter. */
  #key(event) {
    if (!this.compare || event.ctrlKey || event.metaKey || event.altKey) return;
    const isButton = event.target.closest?.("button[value=flip]") && [" ", "Enter"].includes(event.key);
    const isKey = event.key.toLowerCase() === "b" && !event.target.closest?.(WRITING);
    if (event.type === "keyup" ? !isButton && event.key.toLowerCase() !== "b" : !isButton && !isKey) return;
    if (event.type === "keydown") event.preventDefault();
    this.compare.flip(event.type === "keydown");
  }
}

function shapeOf(card) {
  return card?.querySelector("svg[viewBox]")?.getAttribute("viewBox").split(" ").slice(2).map(Number) ?? null;
}

customElements.define("edit-bench", EditBench);
