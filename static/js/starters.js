// Prompts to start from: one fills the form, with a sample photo where it is about one.

import { composer } from "./composer.js";

class StarterList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this);
  }

  async handleEvent(event) {
    const link = event.target.closest("a");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.closest("dialog")?.close();
    const { prompt, size, sample } = link.dataset;
    const { photo, settings } = composer();
    if (sample) await photo.useFile(await fetched(sample));
    else photo.clear();
    settings.take({ size, textMode: "textMode" in link.dataset });
    composer().write(prompt);
  }
}

async function fetched(url) {
  const blob = await (await fetch(url)).blob();
  return new File([blob], "A sample photo", { type: "image/webp" });
}

customElements.define("starter-list", StarterList);
