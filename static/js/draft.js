// What was being written and the photo it is about, through a reload, going back or signing in.

const KEY = "easel.draft";
const RETURNING = "easel.returning";

export class Draft {
  constructor(prompt, photo) {
    this.prompt = prompt;
    this.photo = photo;
    this.waiting = "";
  }

  /** Words about a photo come back with it, never alone: alone they would ask for something else. */
  recall() {
    const kept = read();
    if (!kept || this.prompt.value) return;
    const { words = "", source = "", name = "", isAboutFile = false } = kept;
    if (isAboutFile && !this.photo.isThere) {
      this.waiting = words;
      if (words) this.photo.say("The photo left with the page. Choose it again, and your words come back.");
      return;
    }
    if (source && !this.photo.isThere) this.photo.useImage(source, name);
    this.prompt.value = words;
  }

  keep() {
    if (this.waiting && this.photo.isThere && !this.prompt.value) this.prompt.value = this.waiting;
    if (this.photo.isThere || this.prompt.value) this.waiting = "";
    const isAboutFile = Boolean(this.waiting) || this.photo.file.files.length > 0;
    const { value: source } = this.photo.source;
    const kept = { words: this.waiting || this.prompt.value, source, name: this.photo.name.textContent, isAboutFile };
    store(KEY, JSON.stringify(kept));
  }
}

/** The next page that is opened takes up the draft, though it is not this one loaded again. */
export function takeAlong() {
  store(RETURNING, "1");
}

function read() {
  try {
    const isReturning = sessionStorage.getItem(RETURNING) !== null;
    sessionStorage.removeItem(RETURNING);
    const how = performance.getEntriesByType("navigation")[0]?.type;
    return isReturning || how !== "navigate" ? JSON.parse(sessionStorage.getItem(KEY)) : null;
  } catch {
    return null; // Not kept, then.
  }
}

function store(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Not kept, then.
  }
}
