// Asks the worker about photos; does the work here where the browser has none.

import * as work from "./photo-work.js";

export class PhotoDesk {
  #url;
  #worker = null;
  #waiting = new Map();
  #last = 0;

  constructor(url) {
    this.#url = url;
  }

  look(file) {
    return this.#ask("look", file);
  }

  shrink(file, most) {
    return this.#ask("shrink", file, most);
  }

  #ask(verb, file, most) {
    if (typeof OffscreenCanvas === "undefined") return work[verb](file, most);
    this.#worker ??= this.#open();
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, verb, file, most });
    });
  }

  #open() {
    const worker = new Worker(this.#url, { type: "module" });
    worker.addEventListener("message", ({ data: { id, answer, isWrong } }) => {
      const { resolve, reject } = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (isWrong) reject(new Error("no picture"));
      else resolve(answer);
    });
    worker.addEventListener("error", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("no worker"));
      this.#waiting.clear();
      this.#worker = null;
    });
    return worker;
  }
}
