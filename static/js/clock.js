// How long a job has been under way.

/** Seconds since it began against what is usual, counted from the server's own figure. */
class JobClock extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    const begun = performance.now() - Number(this.getAttribute("elapsed"));
    const usual = Number(this.getAttribute("usual"));
    const words = this.querySelector("[data-clock]") ?? this.querySelector("span");
    const line = this.querySelector(".job-line");
    const verb = words.textContent.trim();
    const tick = () => {
      const ms = performance.now() - begun;
      words.textContent = [verb, `${seconds(ms)} s${rest(ms, usual)}`].filter(Boolean).join(", ");
      line?.style.setProperty("--done", String(1 - Math.exp((-1.6 * ms) / (usual || 5000))));
    };
    tick();
    this.#timer = setInterval(tick, 100);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }
}

function rest(ms, usual) {
  if (!usual) return "";
  return ms < usual ? ` of about ${seconds(usual)} s` : ` (usually ${seconds(usual)} s)`;
}

function seconds(ms) {
  return (ms / 1000).toFixed(1);
}

customElements.define("job-clock", JobClock);
