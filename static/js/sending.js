// Cards of what is on its way to the server: they stand where the server's will.

const STEPS_AN_OCTAVE = 12;
const MOST = 24;

export class Sending {
  #cards = [];

  /** One card for each picture, in its shape. */
  begin({ count, shape: [width, height], words }) {
    this.end();
    this.#cards = Array.from({ length: count }, () => card(width, height, words));
    document.getElementById("jobs").prepend(...this.#cards);
  }

  progress(loaded, total) {
    for (const each of this.#cards) {
      each.querySelector(".job-line").style.setProperty("--done", String(loaded / total));
      each.querySelector(".job-over span").textContent = `Sending the photo, ${Math.round((100 * loaded) / total)} %`;
    }
  }

  end() {
    for (const each of this.#cards) each.remove();
    this.#cards = [];
  }
}

/** The class of a shape, as gallery/templatetags/shapes.py has it. */
export function ratioClass(width, height) {
  const step = Math.max(-MOST, Math.min(MOST, Math.round(STEPS_AN_OCTAVE * Math.log2(width / height))));
  return step >= 0 ? `r${step}` : `r_${-step}`;
}

function card(width, height, words) {
  const article = document.getElementById("sending").content.firstElementChild.cloneNode(true);
  article.classList.add(ratioClass(width, height));
  article.querySelector("svg").setAttribute("viewBox", `0 0 ${width} ${height}`);
  article.querySelector(".job-prompt").textContent = words;
  return article;
}
