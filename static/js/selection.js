// Selecting pictures: by mouse (Shift for all between), touch (hold one), and keys.
//   arrows: to the next picture · x or Space: select it · Ctrl+A: all · Escape: none
//   Alt+arrows, or dragging, in a collection: another place for it

const HOLD_MS = 450;
const grid = () => document.getElementById("pictures");
const form = () => document.getElementById("selection");
const tiles = () => [...grid().querySelectorAll(".tile")];
const box = (tile) => tile.querySelector("input[type=checkbox]");
const chosen = () => tiles().filter((tile) => box(tile).checked);

class SelectButton extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", () => bar().setSelecting(!grid().classList.contains("is-selecting")));
  }
}

class SelectionBar extends HTMLElement {
  connectedCallback() {
    this.last = null;
    const pictures = grid();
    pictures.addEventListener("click", (event) => this.click(event), true);
    pictures.addEventListener("change", () => this.show());
    pictures.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["pointerdown", "pointerup", "pointermove", "pointercancel"]) {
      pictures.addEventListener(kind, (event) => this.hold(event), { passive: true });
    }
    pictures.addEventListener("contextmenu", (event) => { if (this.wasHeld) event.preventDefault(); });
    this.addEventListener("click", (event) => this.press(event));
    this.addEventListener("keydown", (event) => this.enter(event));
    form().addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("keydown", (event) => { if (event.key === "Escape" && chosen().length) this.clear(); });
    if (this.hasAttribute("arrange")) this.arrange();
    this.show();
  }

  setSelecting(is) {
    grid().classList.toggle("is-selecting", is);
    document.querySelector("select-button button")?.setAttribute("aria-pressed", String(is));
    if (!is) for (const tile of chosen()) box(tile).checked = false;
    this.show();
  }

  clear() {
    this.setSelecting(false);
  }

  show() {
    const count = chosen().length;
    this.querySelector(".selection-count").textContent = count === 1 ? "1 selected" : `${count.toLocaleString()} selected`;
    if (count) grid().classList.add("is-selecting");
    for (const button of this.querySelectorAll("[data-move], [data-effect=front]")) button.disabled = count !== 1;
  }

  click(event) {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    const isBox = event.target.closest(".tile-check");
    if (this.wasHeld) {
      this.wasHeld = false;
      event.preventDefault();
      return;
    }
    if (isBox && event.target.type !== "checkbox" && !event.shiftKey) return; // the label will click its box
    const isChoosing = grid().classList.contains("is-selecting") || (event.shiftKey && this.last);
    if (!isBox && (!isChoosing || event.ctrlKey || event.metaKey)) return;
    if (!isBox) event.preventDefault();
    if (event.shiftKey && this.last?.isConnected) {
      if (isBox && event.target.type !== "checkbox") event.preventDefault();
      this.between(this.last, tile);
    } else if (!isBox) {
      box(tile).checked = !box(tile).checked;
    }
    this.last = tile;
    queueMicrotask(() => this.show());
  }

  between(from, to) {
    const all = tiles();
    const [first, last] = [all.indexOf(from), all.indexOf(to)].sort((a, b) => a - b);
    // The box itself is turned by its own click, later.
    for (const tile of all.slice(first, last + 1)) box(tile).checked = true;
    setTimeout(() => { box(to).checked = true; this.show(); });
  }

  key(event) {
    const tile = event.target.closest(".tile");
    if (!tile) return;
    if (event.key === "a" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      for (const each of tiles()) box(each).checked = true;
      this.show();
    } else if (event.key === "x" || (event.key === " " && event.target.matches("a"))) {
      event.preventDefault();
      box(tile).checked = !box(tile).checked;
      this.last = tile;
      this.show();
    } else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
      const by = event.key === "ArrowRight" ? 1 : -1;
      event.preventDefault();
      if (event.altKey && this.hasAttribute("arrange")) this.shift(tile, by);
      else tiles()[tiles().indexOf(tile) + by]?.querySelector("a").focus();
    }
  }

  /** A finger that stays selects what is under it. */
  hold(event) {
    if (event.pointerType === "mouse") return;
    clearTimeout(this.holding);
    if (event.type === "pointermove" && this.from && Math.hypot(event.clientX - this.from.x, event.clientY - this.from.y) < 8) {
      this.holding = this.waiting && setTimeout(this.waiting, HOLD_MS);
      return;
    }
    this.waiting = null;
    if (event.type !== "pointerdown") return;
    const tile = event.target.closest(".tile");
    this.wasHeld = false;
    this.from = { x: event.clientX, y: event.clientY };
    this.waiting = tile && (() => {
      this.wasHeld = true;
      box(tile).checked = true;
      this.last = tile;
      this.show();
    });
    this.holding = tile && setTimeout(this.waiting, HOLD_MS);
  }

  press(event) {
    const button = event.target.closest("button");
    if (button?.hasAttribute("data-clear")) this.clear();
    if (button?.dataset.move) this.shift(chosen()[0], Number(button.dataset.move));
  }

  /** In the field of a new collection it adds to that, and does not press the first button. */
  enter(event) {
    if (event.key !== "Enter" || !event.target.matches("input")) return;
    event.preventDefault();
    form().requestSubmit(this.querySelector("[data-effect=stay]"));
  }

  // What is done with them

  async submit(event) {
    const button = event.submitter;
    if (button?.dataset.ask && !confirm(button.dataset.ask)) return event.preventDefault();
    if (!button?.dataset.effect) return;
    event.preventDefault();
    const selected = chosen();
    const isDone = await send(button.formAction, new FormData(form(), button));
    if (!isDone) return;
    this.querySelector("details")?.removeAttribute("open");
    this.effect(button.dataset.effect, selected);
    this.clear();
  }

  effect(name, selected) {
    if (name === "mark") for (const tile of selected) tile.querySelector(".tile-mark").hidden = false;
    if (name === "front") grid().prepend(...selected);
    if (name !== "leave") return;
    const places = selected.map((tile) => [tile, tile.nextElementSibling]);
    for (const tile of selected) tile.remove();
    undoable(places);
    if (!tiles().length && !grid().querySelector(".more")) location.reload();
  }

  // Another order, in a collection

  async shift(tile, by) {
    const all = tiles();
    const to = all[all.indexOf(tile) + by];
    if (!tile || !to) return;
    if (by > 0) to.after(tile);
    else to.before(tile);
    tile.querySelector("a").focus();
    await this.place(tile);
  }

  arrange() {
    let held = null;
    const pictures = grid();
    for (const link of pictures.querySelectorAll(".tile-link")) link.draggable = true;
    pictures.addEventListener("dragstart", (event) => {
      held = event.target.closest(".tile");
      event.dataTransfer.effectAllowed = "move";
      held?.classList.add("is-held");
    });
    pictures.addEventListener("dragover", (event) => {
      const over = event.target.closest(".tile");
      if (!held || !over) return;
      event.preventDefault();
      if (over === held) return;
      const middle = over.getBoundingClientRect().left + over.offsetWidth / 2;
      if (event.clientX < middle) over.before(held);
      else over.after(held);
    });
    pictures.addEventListener("drop", (event) => event.preventDefault());
    pictures.addEventListener("dragend", () => {
      held?.classList.remove("is-held");
      if (held) this.place(held);
      held = null;
    });
  }

  async place(tile) {
    const body = new FormData(form());
    body.delete("image");
    body.set("image", box(tile).value);
    const before = tile.previousElementSibling;
    body.set("after", before ? box(before).value : "");
    await send(this.getAttribute("arrange"), body, { isQuiet: true });
  }
}

const bar = () => document.querySelector("selection-bar");

/** Whether it was done. What the server says of it is shown. */
async function send(address, body, { isQuiet = false } = {}) {
  try {
    const answer = await fetch(address, { method: "POST", body, headers: { "HX-Request": "true" } });
    const isOurs = answer.headers.get("X-Easel") === "fragment";
    if (isOurs && (!isQuiet || !answer.ok)) messages().innerHTML = await answer.text();
    else if (!isOurs) say("The server did not do it. Load the page again, and try once more.");
    return isOurs && answer.ok;
  } catch {
    say("There is no connection just now. Try once more.");
    return false;
  }
}

const messages = () => document.getElementById("messages");

function say(sentence) {
  const item = document.createElement("li");
  item.textContent = sentence;
  messages().replaceChildren(item);
}

/** The undo that the server offers puts the pictures back where they were. */
function undoable(places) {
  const undo = messages().querySelector("form.undo");
  undo?.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!(await send(undo.action, new FormData(undo)))) return;
    for (const [tile, next] of places.reverse()) {
      box(tile).checked = false;
      if (next?.isConnected) next.before(tile);
      else grid().append(tile);
    }
    bar().show();
  });
}

customElements.define("selection-bar", SelectionBar);
customElements.define("select-button", SelectButton);
