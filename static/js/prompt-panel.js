// The panel of prompts: starred, used lately, and to start from.

import { composer } from "./composer.js";
import { forget, list } from "./prompts.js";

class PromptPanel extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.room = this.querySelector(".prompts-room");
    this.addEventListener("easel:open", () => this.#fill());
    this.addEventListener("click", (event) => this.#chosen(event));
    this.addEventListener("htmx:afterRequest", forget);
    this.addEventListener("htmx:beforeSwap", (event) => {
      this.waiting = document.activeElement?.id; // the same star, once its row is drawn anew
      event.stopPropagation();
    });
    this.addEventListener("htmx:afterSettle", () => document.getElementById(this.waiting)?.focus());
  }

  async #fill() {
    const html = await list();
    if (!html) this.room.textContent = "The prompts cannot be shown just now.";
    else htmx.swap(this.room, html, { swapStyle: "innerHTML", swapDelay: 0, settleDelay: 0 });
  }

  #chosen(event) {
    if (event.target === this.dialog) this.dialog.close(); // beside it
    const link = event.target.closest(".prompts-words");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    this.dialog.close();
    composer().write(link.dataset.prompt);
  }
}

customElements.define("prompt-panel", PromptPanel);
