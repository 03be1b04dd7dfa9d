// Prompts used before: the list of them, and the arrow keys in an empty box.

const URL_OF_LIST = "/prompts/";
let known = null;

/** The fragment, asked for once until an order or a star changes it. */
export async function list() {
  known ??= ask();
  return known;
}

export function forget() {
  known = null;
}

async function ask() {
  const response = await fetch(URL_OF_LIST, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (response?.headers.get("X-Easel") !== "fragment") {
    known = null;
    return "";
  }
  return response.text();
}

/** What was used lately or starred, the latest first. */
export async function used() {
  const page = new DOMParser().parseFromString(await list(), "text/html");
  return [...page.querySelectorAll(".prompts-words")].map((each) => each.dataset.prompt);
}

/** Up and Down in the box, while what stands in it came from here or is nothing. */
export class History {
  #words = [];
  #place = -1;

  constructor(box) {
    this.box = box;
  }

  get isBrowsing() {
    return this.box.value === (this.#words[this.#place] ?? "");
  }

  /** Whether the key was for it. */
  key(event) {
    const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !this.isBrowsing) return false;
    if (this.box.value === "") this.#place = -1;
    if (step < 0 && this.#place < 0) return false;
    event.preventDefault();
    this.#go(step);
    return true;
  }

  async #go(step) {
    if (this.#place < 0) this.#words = await used();
    if (!this.isBrowsing) return;
    this.#place = Math.max(-1, Math.min(this.#words.length - 1, this.#place + step));
    this.box.value = this.#words[this.#place] ?? "";
    this.box.setSelectionRange(this.box.value.length, this.box.value.length);
    this.box.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
