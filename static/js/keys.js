// Making a key: one form is one key, and who comes back to the page finds no key on it.

class SendOnce extends HTMLElement {
  connectedCallback() {
    this.addEventListener("submit", this);
    window.addEventListener("pageshow", this);
  }

  disconnectedCallback() {
    window.removeEventListener("pageshow", this);
  }

  handleEvent(event) {
    if (event.type === "submit" && this.isSent) event.preventDefault();
    this.isSent = event.type === "submit";
  }
}

/** A browser may keep a page whole for "back", whatever it was told about caching. */
class ShownOnce extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("textarea");
    this.field.addEventListener("focus", this);
    window.addEventListener("pagehide", this);
  }

  disconnectedCallback() {
    window.removeEventListener("pagehide", this);
  }

  handleEvent(event) {
    if (event.type === "focus") this.field.select();
    else this.field.value = this.field.textContent = "";
  }
}

customElements.define("send-once", SendOnce);
customElements.define("shown-once", ShownOnce);
