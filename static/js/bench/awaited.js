// The jobs of the order that was sent about the picture on the bench: their news are told on it.

export class Awaited {
  #ids = [];
  #late = [];
  #told = "";

  /** `done` is called with the first card that has a picture, `more` when others have, too. */
  constructor(done, more) {
    this.done = done;
    this.more = more;
  }

  /** All that are being made of the picture now. */
  wait(source, news) {
    if (!source) return;
    const cards = document.querySelectorAll(`#jobs > [data-unfinished][data-source="${CSS.escape(source)}"]`);
    this.#ids = [...cards].map((card) => card.id);
    this.look(news);
  }

  forget() {
    this.#ids = [];
  }

  look(news) {
    this.#lookLate();
    const cards = this.#ids.map((id) => document.getElementById(id)).filter(Boolean);
    const done = cards.find((card) => card.dataset.state === "succeeded" && card.dataset.image);
    if (done) {
      this.#late = this.#ids.filter((id) => id !== done.id);
      this.forget();
      this.done(done);
      return;
    }
    if (news) this.#tell(news, cards);
    if (cards.every((card) => !("unfinished" in card.dataset))) this.forget();
  }

  #lookLate() {
    const left = this.#late.filter((id) => !document.getElementById(id)?.dataset.image);
    if (left.length === this.#late.length) return;
    this.#late = left;
    this.more();
  }

  /** In the words of the card that is furthest, once for each change. */
  #tell(news, cards) {
    const card = cards.find((each) => each.dataset.state === "running") ?? cards[0];
    const over = card?.querySelector(".job-over");
    news.hidden = !over;
    const place = over?.querySelector("[id^=place-]")?.textContent ?? "";
    const told = over ? `${card.id} ${card.dataset.state} ${place}` : "";
    if (!over || (told === this.#told && news.childElementCount)) return;
    this.#told = told;
    const words = [...over.children].filter((each) => !each.matches(".job-ways"));
    news.replaceChildren(...words.map((each) => copied(each, place)));
  }
}

/** Its place in the queue alone; else all of it, with a clock that starts from its attributes. */
function copied(element, place) {
  if (place) return Object.assign(document.createElement("span"), { textContent: place });
  const copy = element.cloneNode(true);
  const words = copy.matches("job-clock") && copy.querySelector("span");
  if (words) words.textContent = words.textContent.split(",")[0];
  return copy;
}
