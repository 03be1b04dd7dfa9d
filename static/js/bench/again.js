// What was made before, made again: with another seed, with the same, or with its settings alone.

import { composer } from "../composer.js";

export class Again {
  #count = null; // how many there were to be, while an order of its own has another number

  /** The words and settings of a picture, about the one that it was made of. */
  offer(shown, { seed, count }) {
    const { form, button } = composer();
    composer().reuse(shown);
    form.elements.seed.value = seed;
    this.#count = form.elements.count.value;
    form.elements.count.value = count;
    form.elements.seed.dispatchEvent(new Event("input", { bubbles: true }));
    button.focus({ preventScroll: true });
  }

  /** Variations are of one order: what is made next is as many as the person had chosen. */
  countAsBefore() {
    if (this.#count === null) return;
    const { count } = composer().form.elements;
    count.value = this.#count;
    this.#count = null;
    count.dispatchEvent(new Event("input", { bubbles: true }));
  }

  useSettings({ dataset: { textMode, ...kept } }) {
    composer().settings.use({ ...kept, textMode: textMode !== undefined });
    composer().focusPrompt();
  }
}
