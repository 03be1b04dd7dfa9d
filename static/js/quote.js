// "As sent": what the form as it stands would send, and every change to it, in the server's words.

const PAUSE_MS = 250;

export class Quote {
  #timer = 0;
  #request = null;
  #asked = "";

  constructor(form, photo) {
    this.form = form;
    this.photo = photo;
    this.box = form.querySelector("#as-sent");
    this.room = form.querySelector("#quote");
    this.box.addEventListener("toggle", () => this.show(0));
    addEventListener("online", () => this.show(0));
  }

  show(pause = PAUSE_MS) {
    if (!this.box.open) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), pause);
  }

  async #ask() {
    const fields = new FormData(this.form);
    fields.delete("photo");
    fields.delete("mask");
    if (this.photo.file.files.length) fields.set("has_photo", "on");
    document.querySelector("region-tool")?.describe(fields);
    const asked = new URLSearchParams(fields);
    if (asked.toString() === this.#asked) return;
    this.#request?.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    try {
      const headers = { "HX-Request": "true" };
      const response = await fetch(this.form.dataset.quote, { method: "POST", body: asked, headers, signal });
      if (response.headers.get("X-Easel") !== "fragment") throw new Error(`HTTP ${response.status}`);
      htmx.swap(this.room, await response.text(), { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
      this.#asked = asked.toString();
    } catch {
      if (signal.aborted) return;
      this.#asked = "";
      this.room.textContent = "This cannot be said just now.";
    }
  }
}
