// One instruction for many pictures: the price of what is chosen, and how far it is.

import "./clock.js";
import "./jobs.js";
import { dollars } from "./money.js";

class BatchForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.button = this.querySelector("#create");
    this.form.addEventListener("input", () => this.show());
    this.form.addEventListener("submit", (event) => this.#once(event));
    addEventListener("pageshow", () => { this.isSent = false; });
    this.show();
  }

  show() {
    const count = this.form.querySelectorAll("[name=image]:checked").length;
    const option = this.form.elements.model.selectedOptions[0];
    this.button.disabled = !count || !option;
    if (option) this.button.textContent = `Edit ${count} · ${dollars(count * Number(option.dataset.price))}`;
  }

  #once(event) {
    if (this.isSent) event.preventDefault();
    this.isSent = true;
  }
}

class BatchProgress extends HTMLElement {
  connectedCallback() {
    document.addEventListener("easel:jobs", this);
  }

  disconnectedCallback() {
    document.removeEventListener("easel:jobs", this);
  }

  handleEvent() {
    const total = Number(this.getAttribute("total"));
    const left = document.querySelectorAll("#jobs [data-unfinished]").length;
    this.querySelector("progress").value = total - left;
    this.querySelector("span").textContent = `${total - left} of ${total} done`;
    if (!left) this.querySelector("form")?.remove();
  }
}

customElements.define("batch-form", BatchForm);
customElements.define("batch-progress", BatchProgress);
