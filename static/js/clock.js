// How long a job has been under way.

/** Seconds since it began against what is usual, counted from the server's own figure. */
class JobClock extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    const begun = performance.now() - Number(this.getAttribute("elapsed"));
    const usual = Number(this.getAttribute("usual")) || 5000;
    const words = this.querySelector("span");
    const line = this.querySelector(".job-line");
    const verb = words.textContent.trim();
    const tick = () => {
      const ms = performance.now() - begun;
      const rest = ms < usual ? `of about ${seconds(usual)} s` : `(usually ${seconds(usual)} s)`;
      words.textContent = `${verb}, ${seconds(ms)} s ${rest}`;
      line.style.setProperty("--done", String(1 - Math.exp((-1.6 * ms) / usual)));
    };
    tick();
    this.#timer = setInterval(tick, 100);
  }

  disconnectedCallback() {
    clearInterval(this.#timer);
  }
}

function seconds(ms) {
  return (ms / 1000).toFixed(1);
}

customElements.define("job-clock", JobClock);
