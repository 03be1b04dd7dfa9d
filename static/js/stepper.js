// A number with a button on either side.

class CountStepper extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      const value = (this.input.valueAsNumber || 1) + Number(button.value);
      this.input.value = Math.min(Number(this.input.max), Math.max(1, value));
      this.input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

customElements.define("count-stepper", CountStepper);
