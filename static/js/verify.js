// A file that is dropped anywhere on the page is verified at once; a chosen one, too.

class FileDrop extends HTMLElement {
  #depth = 0;

  connectedCallback() {
    this.form = this.querySelector("form");
    this.file = this.querySelector("input[type=file]");
    this.file.addEventListener("change", () => this.form.requestSubmit());
    for (const type of ["dragenter", "dragleave", "dragover", "drop"]) document.addEventListener(type, this);
  }

  disconnectedCallback() {
    for (const type of ["dragenter", "dragleave", "dragover", "drop"]) document.removeEventListener(type, this);
  }

  handleEvent(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    if (event.type === "dragenter") this.#mark(1);
    else if (event.type === "dragleave") this.#mark(-1);
    else event.preventDefault();
    if (event.type === "drop") this.#take(event.dataTransfer.files);
  }

  #mark(change) {
    this.#depth = change ? Math.max(0, this.#depth + change) : 0;
    this.classList.toggle("is-over", this.#depth > 0);
  }

  #take(files) {
    this.#mark(0);
    if (!files.length) return;
    const bag = new DataTransfer();
    bag.items.add(files[0]);
    this.file.files = bag.files;
    this.form.requestSubmit();
  }
}

customElements.define("file-drop", FileDrop);
