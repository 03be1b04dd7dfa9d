// A picture to look at closely: wheel, pinch, double click, drag and keys.
// Left and right go to the newer and the older picture while it is shown whole.

const STEP = 1.4;
const PAN = 80;
const SLACK = 4;

class ZoomStage extends HTMLElement {
  #pointers = new Map();
  #frame = 0;
  #rest = 0;
  #moved = 0;

  connectedCallback() {
    this.link = this.querySelector("a");
    this.picture = this.querySelector("img");
    this.tools = this.querySelector(".stage-tools");
    this.level = this.querySelector("output");
    this.tools.hidden = false;
    this.scale = 1;
    this.x = this.y = 0;
    this.addEventListener("wheel", this, { passive: false });
    for (const type of ["click", "pointerdown", "pointermove", "pointerup", "pointercancel"]) this.addEventListener(type, this);
    document.addEventListener("keydown", this);
    this.watch = new ResizeObserver(() => this.#settle());
    this.watch.observe(this);
  }

  disconnectedCallback() {
    document.removeEventListener("keydown", this);
    this.watch.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  handleEvent(event) {
    this[`on_${event.type}`](event);
  }

  get isFull() {
    return this.classList.contains("is-full");
  }

  /** How large the whole picture is shown, before any zoom. */
  get fit() {
    const { width, height } = this.picture;
    const ratio = this.picture.getAttribute("width") / this.picture.getAttribute("height");
    return { width: Math.min(width, height * ratio), height: Math.min(height, width / ratio) };
  }

  /** The scale at which a pixel of the picture is a pixel of the screen. */
  get natural() {
    return this.picture.getAttribute("width") / (this.fit.width * devicePixelRatio);
  }

  on_wheel(event) {
    const hasPageToScroll = !this.isFull && !matchMedia("(min-width: 60rem)").matches;
    if ((hasPageToScroll && !event.ctrlKey) || (event.deltaY > 0 && this.scale === 1)) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    this.#zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.002)), event);
  }

  on_pointerdown(event) {
    if (event.button !== 0 || this.tools.contains(event.target)) return;
    this.#pointers.set(event.pointerId, event);
    if (this.#pointers.size === 1) this.#moved = 0;
    if (this.#pointers.size === 2 || this.scale > 1) {
      for (const id of this.#pointers.keys()) this.setPointerCapture(id);
      this.classList.add("is-held");
    }
  }

  on_pointermove(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const others = [...this.#pointers.values()].filter((each) => each !== before);
    this.#pointers.set(event.pointerId, event);
    this.#moved += Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY);
    if (others.length) this.#pinch(before, event, others[0]);
    else if (this.scale > 1) this.#pan(event.clientX - before.clientX, event.clientY - before.clientY);
  }

  on_pointerup(event) {
    this.#pointers.delete(event.pointerId);
    if (!this.#pointers.size) this.classList.remove("is-held");
  }

  on_pointercancel(event) {
    this.on_pointerup(event);
  }

  /** The second click of a double one does nothing: the first has zoomed already. */
  on_click(event) {
    const button = event.target.closest("button");
    if (button) return this.#act(button.value);
    const isHeld = event.target === this && this.scale > 1; // whose pointers are the stage's own
    if (!(isHeld || event.target.closest("a")) || event.ctrlKey || event.metaKey || event.shiftKey) return undefined;
    event.preventDefault();
    if (this.#moved > SLACK || event.detail > 1) return undefined;
    return this.#toggle(event.detail ? event : null);
  }

  on_keydown(event) {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || document.querySelector(":popover-open, dialog[open]")) return;
    const act = this.#actOf(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #actOf(key) {
    const arrows = { ArrowLeft: [PAN, 0], ArrowRight: [-PAN, 0], ArrowUp: [0, PAN], ArrowDown: [0, -PAN] };
    if (key in arrows && this.scale > 1) return () => this.#pan(...arrows[key]);
    const beside = document.querySelector({ ArrowLeft: "a[rel=prev]", ArrowRight: "a[rel=next]" }[key] ?? "no-such");
    if (beside && !this.isFull) return () => beside.click();
    if (key === "Escape" && (this.isFull || this.scale > 1)) return () => (this.scale > 1 ? this.#act("fit") : this.#act("full"));
    const value = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "natural", f: "full", F: "full" }[key];
    return value ? () => this.#act(value) : null;
  }

  #act(value) {
    if (value === "in") this.#zoom(STEP);
    if (value === "out") this.#zoom(1 / STEP);
    if (value === "fit") this.#zoom(1 / this.scale);
    if (value === "natural") this.#zoom(this.natural / this.scale);
    if (value === "full") this.#toggleFull();
  }

  #toggle(at) {
    const close = this.natural > 1.1 ? this.natural : 2.5;
    this.#zoom(this.scale > 1.01 ? 1 / this.scale : close, at);
  }

  #toggleFull() {
    const isFull = this.classList.toggle("is-full");
    this.tools.querySelector("[value=full]").setAttribute("aria-pressed", String(isFull));
    const use = this.tools.querySelector("[value=full] use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, isFull ? "#shrink" : "#expand"));
    this.scale = 1;
    this.x = this.y = 0;
    this.#settle();
  }

  /** Around a point of the screen, or the middle. */
  #zoom(factor, at = null) {
    const box = this.getBoundingClientRect();
    const most = Math.max(4, this.natural * 4);
    const scale = Math.min(most, Math.max(1, this.scale * factor));
    const [dx, dy] = at ? [at.clientX - box.x - box.width / 2, at.clientY - box.y - box.height / 2] : [0, 0];
    this.x = dx - ((dx - this.x) * scale) / this.scale;
    this.y = dy - ((dy - this.y) * scale) / this.scale;
    this.scale = scale;
    this.#settle();
  }

  #pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#settle();
  }

  #pinch(before, now, other) {
    const apart = (each) => Math.hypot(each.clientX - other.clientX, each.clientY - other.clientY);
    const middle = (each) => ({ clientX: (each.clientX + other.clientX) / 2, clientY: (each.clientY + other.clientY) / 2 });
    this.x += middle(now).clientX - middle(before).clientX;
    this.y += middle(now).clientY - middle(before).clientY;
    this.#zoom(apart(now) / Math.max(1, apart(before)), middle(now));
  }

  /** Keeps the picture where it can be seen, and draws once a frame. */
  #settle() {
    const { width, height } = this.fit;
    const free = (size, room) => Math.max(0, (size * this.scale - room) / 2);
    const [mx, my] = [free(width, this.clientWidth), free(height, this.clientHeight)];
    this.x = Math.min(mx, Math.max(-mx, this.x));
    this.y = Math.min(my, Math.max(-my, this.y));
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = 0;
    const isZoomed = this.scale > 1;
    this.classList.toggle("is-zoomed", isZoomed);
    this.classList.add("is-moving");
    this.picture.style.transform = isZoomed ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
    this.level.textContent = isZoomed ? `${Math.round((100 * this.scale) / this.natural)} %` : "Fit";
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#sharpen(), 150);
  }

  /** At rest it is drawn anew from all its pixels, which are fetched once they can be seen. */
  async #sharpen() {
    this.classList.remove("is-moving");
    const { full } = this.picture.dataset;
    if (!full || this.scale === 1) return;
    delete this.picture.dataset.full;
    const whole = new Image();
    whole.src = full;
    await whole.decode().catch(() => null);
    this.picture.removeAttribute("srcset");
    this.picture.src = full;
  }
}

customElements.define("zoom-stage", ZoomStage);
