// News of jobs: one long poll for each tab, for the oldest cards that have not ended.

const PAUSE_MS = 250;
const MAX_PAUSE_MS = 15_000;
const MOST_WATCHED = 100;
const NONE = "00000000-0000-0000-0000-000000000000";

class SignedOut extends Error {}

class JobWatch extends HTMLElement {
  #request = null;
  #asked = "";
  #failures = 0;
  #timer = 0;

  connectedCallback() {
    this.addEventListener("htmx:afterSettle", this);
    this.addEventListener("load", arrived, true);
    document.addEventListener("htmx:oobAfterSwap", this);
    addEventListener("online", this);
    addEventListener("pageshow", this);
    document.addEventListener("visibilitychange", this);
    this.watch();
  }

  disconnectedCallback() {
    document.removeEventListener("htmx:oobAfterSwap", this);
    removeEventListener("online", this);
    removeEventListener("pageshow", this);
    document.removeEventListener("visibilitychange", this);
    this.#stop();
  }

  handleEvent(event) {
    if (event.type === "online") this.#stop();
    if (event.type === "pageshow" && !event.persisted) return;
    if (event.type === "visibilitychange") this.#refresh();
    else this.watch();
  }

  /** Another tab may have spent meanwhile: the balance, and the cards that came since. */
  async #refresh() {
    if (document.visibilityState !== "visible" || this.#request) return;
    const newest = this.querySelector("[data-job]")?.dataset.job ?? NONE;
    const html = await this.#ask(`after=${newest}`, null).catch(() => "");
    if (!html) return;
    this.#show(html);
    this.watch();
  }

  /** Asks about the cards that are there now; leaves a question that is the same alone. */
  async watch() {
    const query = [...this.querySelectorAll("[data-unfinished]")]
      .slice(-MOST_WATCHED)
      .map((card) => `job=${card.dataset.job}:${card.dataset.state}`)
      .join("&");
    if (query === this.#asked && this.#request) return;
    this.#stop();
    if (!query) return;
    const request = new AbortController();
    this.#request = request;
    this.#asked = query;
    try {
      const html = await this.#ask(query, request.signal);
      this.#failures = 0;
      this.#request = null;
      this.#show(html);
      this.#later(html.includes("<article") ? 0 : PAUSE_MS);
    } catch (error) {
      if (request.signal.aborted) return;
      this.#request = null;
      if (error instanceof SignedOut) return;
      this.#failures += 1;
      this.#later(Math.min(PAUSE_MS * 2 ** this.#failures, MAX_PAUSE_MS));
    }
    this.#sayLost(this.#failures > 1);
  }

  #sayLost(isLost) {
    const note = this.querySelector(".watch-note");
    if (note.hidden === !isLost) return;
    note.hidden = !isLost;
    tell(isLost ? note.textContent : "The connection is back.");
  }

  async #ask(query, signal) {
    const url = `${this.getAttribute("url")}?${query}`;
    const response = await fetch(url, { signal, headers: { "HX-Request": "true", "X-Workspace": document.body.dataset.workspace } });
    if (response.status === 401) {
      document.dispatchEvent(new Event("easel:signed-out"));
      throw new SignedOut();
    }
    if (response.status === 404) location.reload(); // the person is not in this workspace any more
    if (!response.ok || response.headers.get("X-Easel") !== "fragment") throw new Error(`HTTP ${response.status}`);
    return response.text();
  }

  #show(html) {
    const before = new Set(this.querySelectorAll("[data-unfinished]"));
    htmx.swap(this, html, { swapStyle: "none", swapDelay: 0, settleDelay: 0 });
    document.dispatchEvent(new Event("easel:jobs"));
    const ended = [...before]
      .map((card) => document.getElementById(card.id))
      .filter((card) => card && !("unfinished" in card.dataset));
    if (ended.length) tell(ended.map(news).join(" "));
  }

  #later(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.watch(), pause);
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
    this.#asked = "";
  }
}

/** In the page's one live region. */
function tell(words) {
  document.getElementById("news").textContent = words;
}

/** A picture fades in once it is there, not while it is still empty. */
function arrived({ target }) {
  if (target.tagName === "IMG") target.classList.add("is-there");
}

function news(card) {
  if (card.dataset.state === "succeeded") return `Done: ${card.dataset.prompt}.`;
  return card.querySelector(".job-over")?.textContent.trim().replace(/\s+/g, " ") ?? "";
}

customElements.define("job-watch", JobWatch);
