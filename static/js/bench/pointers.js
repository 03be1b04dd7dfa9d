// Hands on the sheet: mouse, pen and finger paint, two fingers move and zoom, keys do all of it.

const STEP = 0.01;
const LEAP = 0.1;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pointers {
  #held = new Map();
  #stroke = null;
  #corner = null;
  #at = null;

  constructor(tool) {
    this.tool = tool;
    this.canvas = tool.sheet.canvas;
    for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel", "pointerleave", "focus", "blur"]) {
      this.canvas.addEventListener(type, this);
    }
    this.canvas.addEventListener("wheel", this, { passive: false });
  }

  handleEvent(event) {
    this[`on_${event.type}`](event);
  }

  on_focus() {
    if (!this.canvas.matches(":focus-visible")) return;
    this.#at ??= [this.tool.size.width / 2, this.tool.size.height / 2];
    this.showCursor();
  }

  on_blur() {
    this.tool.sheet.showCursor(null);
  }

  on_pointerdown(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.#held.set(event.pointerId, event);
    if (this.#held.size > 1) return this.#giveUp();
    const at = this.#point(event);
    if (this.tool.tool === "rectangle") this.#corner = at;
    else this.#begin(at);
    return undefined;
  }

  on_pointermove(event) {
    const before = this.#held.get(event.pointerId);
    this.#at = this.#point(event);
    this.showCursor();
    if (!before) return;
    this.#held.set(event.pointerId, event);
    if (this.#held.size > 1) this.#pinch(before, event);
    else if (this.#corner) this.tool.sheet.band(box(this.#corner, this.#at, this.tool.size));
    else if (this.#stroke) for (const each of event.getCoalescedEvents?.() ?? [event]) this.#goOn(this.#point(each));
  }

  on_pointerup(event) {
    if (!this.#held.delete(event.pointerId)) return;
    if (this.#corner) this.#rectangle(box(this.#corner, this.#point(event), this.tool.size));
    else if (this.#stroke) this.#finish();
  }

  on_pointercancel(event) {
    this.#held.delete(event.pointerId);
    this.#giveUp();
  }

  on_pointerleave() {
    if (!this.#held.size) this.tool.sheet.showCursor(null);
  }

  on_wheel(event) {
    if (event.ctrlKey) this.tool.view.zoom(Math.exp(-event.deltaY * 0.01), event);
    else if (this.tool.view.scale > 1) this.tool.view.pan(-event.deltaX, -event.deltaY);
    else return;
    event.preventDefault();
  }

  /** Arrows move the brush, Space and Enter paint; a rectangle is from one press to the next. */
  key(event) {
    const arrow = ARROWS[event.key];
    const isPress = event.key === " " || event.key === "Enter";
    if (!arrow && !isPress) return false;
    this.#at ??= [this.tool.size.width / 2, this.tool.size.height / 2];
    if (arrow) this.#move(arrow, event.shiftKey ? LEAP : STEP);
    else this.#press();
    this.showCursor();
    return true;
  }

  showCursor() {
    const isRound = this.tool.tool !== "rectangle";
    const across = isRound ? this.tool.brush : Math.min(this.tool.size.width, this.tool.size.height) / 40;
    if (this.#at) this.tool.sheet.showCursor(this.#at, across, isRound);
  }

  #move([across, down], by) {
    const { width, height } = this.tool.size;
    const step = by * Math.min(width, height);
    const [x, y] = this.#at;
    this.#at = [within(x + across * step, width), within(y + down * step, height)];
    this.tool.view.reveal(this.#at[0] / width, this.#at[1] / height);
    if (this.#corner) this.tool.sheet.band(box(this.#corner, this.#at, this.tool.size));
  }

  #press() {
    if (this.tool.tool !== "rectangle") {
      this.#begin(this.#at);
      this.#finish();
    } else if (this.#corner) this.#rectangle(box(this.#corner, this.#at, this.tool.size));
    else this.#corner = this.#at;
  }

  #point(event) {
    const area = this.canvas.getBoundingClientRect();
    const { width, height } = this.tool.size;
    return [((event.clientX - area.left) / area.width) * width, ((event.clientY - area.top) / area.height) * height].map(Math.round);
  }

  #begin(at) {
    this.tool.frame.classList.add("is-painting");
    this.#stroke = { kind: this.tool.tool, across: Math.round(this.tool.brush), points: [at] };
    this.tool.sheet.stroke(this.#stroke);
  }

  /** Points that tell nothing new are left out. */
  #goOn(at) {
    const { points, across } = this.#stroke;
    const [x, y] = points.at(-1);
    if (Math.hypot(at[0] - x, at[1] - y) < Math.max(1, across / 24)) return;
    points.push(at);
    this.tool.sheet.stroke(this.#stroke);
  }

  #finish() {
    const stroke = this.#stroke;
    this.#stroke = null;
    this.tool.frame.classList.remove("is-painting");
    this.tool.add(stroke);
  }

  #rectangle(area) {
    this.#corner = null;
    this.tool.sheet.band(null);
    if (area.width && area.height) this.tool.add({ kind: "rectangle", ...area });
  }

  /** A second finger came: what the first had begun was no stroke. */
  #giveUp() {
    this.#corner = null;
    this.tool.sheet.band(null);
    if (!this.#stroke) return;
    this.#stroke = null;
    this.tool.frame.classList.remove("is-painting");
    this.tool.sheet.take(this.tool.sheet.operations);
  }

  #pinch(before, now) {
    const other = [...this.#held.values()].find((each) => each.pointerId !== now.pointerId);
    const apart = (each) => Math.hypot(each.clientX - other.clientX, each.clientY - other.clientY);
    this.tool.view.pan((now.clientX - before.clientX) / 2, (now.clientY - before.clientY) / 2);
    const middle = { clientX: (now.clientX + other.clientX) / 2, clientY: (now.clientY + other.clientY) / 2 };
    this.tool.view.zoom(apart(now) / Math.max(1, apart(before)), middle);
  }
}

function within(value, most) {
  return Math.round(Math.min(most, Math.max(0, value)));
}

function box([x, y], [to, down], { width, height }) {
  const [left, right] = [within(Math.min(x, to), width), within(Math.max(x, to), width)];
  const [top, bottom] = [within(Math.min(y, down), height), within(Math.max(y, down), height)];
  return { left, top, width: right - left, height: bottom - top };
}
