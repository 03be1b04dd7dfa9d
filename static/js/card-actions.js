// What a finished card offers: its picture as the next input, its words and settings again.

import { composer } from "./composer.js";

/** "Edit this": the result is the next input, without leaving the page. */
class UseSource extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      const card = this.closest("[data-job]");
      const { width, height } = card.querySelector("img");
      composer().photo.useImage(this.getAttribute("image"), card.dataset.prompt, [width, height]);
      composer().prompt.select();
      composer().focusPrompt();
    });
  }
}

class UseSettings extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", () => composer().reuse(this.closest("[data-job]")));
  }
}

/** The recipe that the page was opened for, from an image's own page. */
class RemixRecipe extends HTMLElement {
  connectedCallback() {
    history.replaceState(null, "", location.pathname);
    composer().reuse(this);
    this.remove();
  }
}

customElements.define("remix-recipe", RemixRecipe);
customElements.define("use-source", UseSource);
customElements.define("use-settings", UseSettings);
