// The sheet that lies over the picture, tinted where it is to change: a canvas of the screen's
// resolution, whatever the picture's. What is sent is drawn anew, finer.

const MOST_SHOWN = 1536;
const MOST_SENT = 2048;
const SAMPLE = 192;

export class Sheet {
  constructor(frame, { width, height }) {
    this.size = { width, height };
    this.operations = [];
    this.element = document.createElement("div");
    this.element.className = "region-sheet";
    this.canvas = this.#canvas(Math.min(Math.max(frame.clientWidth, frame.clientHeight) * devicePixelRatio, MOST_SHOWN));
    this.canvas.className = "region-canvas";
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", "The region: arrow keys move the brush, Space paints; or use the rectangle's fields below");
    this.rubber = Object.assign(document.createElement("i"), { className: "region-band", hidden: true });
    this.cursor = Object.assign(document.createElement("i"), { className: "region-cursor", hidden: true });
    this.element.append(this.canvas, this.rubber, this.cursor);
    frame.append(this.element);
    this.context = this.#context(this.canvas);
    this.context.fillStyle = this.context.strokeStyle = getComputedStyle(this.canvas).color;
  }

  end() {
    this.element.remove();
  }

  take(operations) {
    this.operations = operations;
    this.#redraw();
  }

  add(operation) {
    this.operations.push(operation);
    this.#draw(this.context, operation);
  }

  undo() {
    this.operations.pop();
    this.#redraw();
  }

  /** A stroke that goes on: only its newest part is drawn. */
  stroke(operation) {
    const [before, now] = operation.points.slice(-2);
    line(this.context, { ...operation, points: now ? [before, now] : [before] });
  }

  /** A rectangle that is not chosen yet. */
  band(box) {
    this.rubber.hidden = !box;
    if (!box) return;
    const { width, height } = this.size;
    place(this.rubber, { left: box.left / width, top: box.top / height, width: box.width / width, height: box.height / height });
  }

  showCursor(at, across, isRound) {
    this.cursor.hidden = !at;
    if (!at) return;
    const { width, height } = this.size;
    const [x, y] = at;
    this.cursor.classList.toggle("is-round", isRound);
    place(this.cursor, { left: (x - across / 2) / width, top: (y - across / 2) / height, width: across / width, height: across / height });
  }

  /** How much of the picture is chosen, from 0 to 1. */
  part() {
    const sample = document.createElement("canvas");
    sample.width = sample.height = SAMPLE;
    const context = sample.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.canvas, 0, 0, SAMPLE, SAMPLE);
    const { data } = context.getImageData(0, 0, SAMPLE, SAMPLE);
    let sum = 0;
    for (let at = 3; at < data.length; at += 4) sum += data[at];
    return sum / 255 / SAMPLE ** 2;
  }

  /** A PNG that is see-through where the picture is to change, as OpenAI's API has it. */
  encoded() {
    const region = this.#canvas(MOST_SENT);
    this.#replay(this.#context(region));
    const mask = this.#canvas(MOST_SENT);
    const context = mask.getContext("2d");
    context.fillRect(0, 0, mask.width, mask.height);
    context.globalCompositeOperation = "destination-out";
    context.drawImage(region, 0, 0);
    return new Promise((done) => { mask.toBlob(done, "image/png"); });
  }

  /** In the picture's shape; at most so many pixels a side, and no more than it has. */
  #canvas(most) {
    const { width, height } = this.size;
    const scale = Math.min(1, most / Math.max(width, height));
    return Object.assign(document.createElement("canvas"), { width: Math.round(width * scale), height: Math.round(height * scale) });
  }

  /** Draws in the picture's pixels, whatever the canvas has. */
  #context(canvas) {
    const context = canvas.getContext("2d");
    context.lineCap = context.lineJoin = "round";
    context.setTransform(canvas.width / this.size.width, 0, 0, canvas.height / this.size.height, 0, 0);
    return context;
  }

  #redraw() {
    this.#draw(this.context, { kind: "clear" });
    this.#replay(this.context);
  }

  #replay(context) {
    const last = this.operations.findLastIndex((each) => each.kind === "clear");
    for (const each of this.operations.slice(last + 1)) this.#draw(context, each);
  }

  #draw(context, operation) {
    const all = { left: 0, top: 0, ...this.size };
    if (operation.kind === "clear") fill(context, "destination-out", all);
    else if (operation.kind === "invert") fill(context, "source-out", all);
    else if (operation.kind === "rectangle") fill(context, operation.isAway ? "destination-out" : "source-over", operation);
    else line(context, operation);
  }
}

function fill(context, how, { left, top, width, height }) {
  context.globalCompositeOperation = how;
  context.fillRect(left, top, width, height);
}

function line(context, { kind, across, points }) {
  context.globalCompositeOperation = kind === "eraser" ? "destination-out" : "source-over";
  context.lineWidth = across;
  context.beginPath();
  const [x, y] = points[0];
  context.moveTo(x, y);
  if (points.length === 1) context.lineTo(x + 0.01, y); // a dot: what has no length is not drawn
  for (const point of points.slice(1)) context.lineTo(...point);
  context.stroke();
}

/** By shares of the sheet, so that it stays right at every size and zoom. */
function place(element, shares) {
  for (const [name, share] of Object.entries(shares)) element.style[name] = `${100 * share}%`;
}
