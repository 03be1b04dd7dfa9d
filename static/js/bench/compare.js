// Before and after, one over the other: a slider between them, or the one before while it is held.

class CompareSlider extends HTMLElement {
  #held = false;

  connectedCallback() {
    this.range = this.querySelector("input");
    this.before = this.querySelector(".compare-before");
    this.range.addEventListener("input", () => this.#place());
  }

  get isOn() {
    return this.classList.contains("is-on");
  }

  /** Returns whether it is on now. */
  toggle() {
    const isOn = this.classList.toggle("is-on");
    this.#load();
    this.#place();
    this.hidden = !isOn;
    if (isOn) this.range.focus({ preventScroll: true });
    return isOn;
  }

  flip(isHeld) {
    if (isHeld === this.#held) return;
    this.#held = isHeld;
    this.#load();
    this.classList.toggle("is-flipped", isHeld);
    this.hidden = !isHeld && !this.isOn;
  }

  /** The picture before is fetched when it is first wanted. */
  #load() {
    const { src, srcset } = this.before.dataset;
    if (!src) return;
    this.before.srcset = srcset;
    this.before.src = src;
    delete this.before.dataset.src;
  }

  #place() {
    this.style.setProperty("--at", `${this.range.value}%`);
  }
}

customElements.define("compare-slider", CompareSlider);
