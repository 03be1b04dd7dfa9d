// Prompts to start from.

import { composer } from "./composer.js";

class ExamplePrompts extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      composer().prompt.value = button.textContent;
      composer().show();
      composer().focusPrompt();
    });
  }
}

customElements.define("example-prompts", ExamplePrompts);
