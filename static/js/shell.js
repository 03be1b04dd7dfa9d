// Small elements that every page may use. Each connects itself after every swap.

class ThemeSwitch extends HTMLElement {
  connectedCallback() {
    this.hidden = false;
    this.addEventListener("click", this);
    this.show();
  }

  handleEvent(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const root = document.documentElement;
    if (button.value === "system") {
      delete root.dataset.theme;
      store("easel.theme", null);
    } else {
      root.dataset.theme = button.value;
      store("easel.theme", button.value);
    }
    this.show();
  }

  show() {
    const theme = document.documentElement.dataset.theme ?? "system";
    for (const button of this.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === theme));
    }
  }
}

/** The viewer's own time; the server's text stays where the browser cannot tell. */
class LocalTime extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    const at = new Date(time?.dateTime ?? "");
    if (Number.isNaN(at.getTime())) return;
    const timeStyle = this.hasAttribute("day") ? undefined : "short";
    time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle });
    time.title = at.toISOString();
  }
}

/** Copies the text of the element that `of` names, or its own `text`. */
class CopyButton extends HTMLElement {
  connectedCallback() {
    if (!navigator.clipboard) return;
    this.hidden = false;
    this.addEventListener("click", this);
  }

  async handleEvent() {
    const of = document.getElementById(this.getAttribute("of"));
    const text = this.getAttribute("text") ?? textOf(of);
    const isDone = await navigator.clipboard.writeText(text).then(() => true, () => false);
    this.#say(isDone ? "Copied" : "Not allowed", isDone ? "#check" : "#close");
  }

  /** For a moment, in the place of its words and of its icon. */
  #say(sentence, icon) {
    const words = this.querySelector("button span") ?? this.querySelector("button");
    const use = this.querySelector("use");
    this.usual ??= { label: words.textContent, href: use?.getAttribute("href") };
    words.textContent = sentence;
    use?.setAttribute("href", this.usual.href.replace(/#.*/, icon));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      words.textContent = this.usual.label;
      use?.setAttribute("href", this.usual.href);
    }, 1500);
  }
}

/** A list of terms becomes lines of "term: value". */
function textOf(element) {
  if (element.tagName !== "DL") return element.textContent.trim();
  return [...element.querySelectorAll("dt")]
    .map((term) => `${clean(term)}: ${clean(term.nextElementSibling.querySelector("[data-value]") ?? term.nextElementSibling)}`)
    .join("\n");
}

function clean(element) {
  return element.textContent.trim().replace(/[ \t]*\n\s*/g, "\n");
}

function store(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Not remembered, then.
  }
}

/** A passkey that the browser refused is worth a sentence. */
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const item = document.createElement("li");
  const wasStopped = event.detail.exception?.name === "NotAllowedError";
  item.textContent = wasStopped
    ? "The key was not used. Try again when you are ready."
    : "This browser could not use the key. Try another key, or another browser.";
  document.getElementById("messages")?.replaceChildren(item);
});

customElements.define("theme-switch", ThemeSwitch);
customElements.define("local-time", LocalTime);
customElements.define("copy-button", CopyButton);
