// The gallery: more pictures as one scrolls, and what one does with those that are selected.

import "./selection.js";

const AHEAD = "1500px";

/** Loads what follows long before it is seen, so that nothing moves under the eye. */
class MorePictures extends HTMLElement {
  connectedCallback() {
    this.watch = new IntersectionObserver((seen) => { if (seen.some((each) => each.isIntersecting)) this.load(); }, { rootMargin: AHEAD });
    this.watch.observe(this);
  }

  disconnectedCallback() {
    this.watch.disconnect();
  }

  async load() {
    this.watch.disconnect();
    const link = this.querySelector("a");
    try {
      const answer = await fetch(link.href, { headers: { "HX-Request": "true", "HX-Target": "pager" } });
      if (!answer.ok || answer.redirected) return;
      const made = document.createRange().createContextualFragment(await answer.text());
      for (const tile of made.querySelectorAll(".tile")) tile.dataset.page = link.getAttribute("href");
      this.closest("li").replaceWith(made);
    } catch {
      // The link stays, to be followed by hand.
    }
  }
}

customElements.define("more-pictures", MorePictures);

/** The address is that of the page that is looked at, so that Back and Reload lead there. */
function remember(tile) {
  const first = document.querySelector(".tile");
  if (!tile) return;
  const page = tile.dataset.page ?? location.pathname + location.search;
  const hash = tile === first && !tile.dataset.page ? "" : `#${tile.id}`;
  history.replaceState(history.state, "", page + hash);
}

const start = location.pathname + location.search;

function inSight() {
  const at = document.elementsFromPoint(innerWidth / 2, 96).map((each) => each.closest(".tile")).find(Boolean);
  return at ?? [...document.querySelectorAll(".tile")].find((tile) => tile.getBoundingClientRect().bottom > 96);
}

for (const tile of document.querySelectorAll("#pictures .tile")) tile.dataset.page = start;
document.addEventListener("scrollend", () => { if (document.getElementById("pictures")) remember(inSight()); });
document.addEventListener("click", (event) => remember(event.target.closest?.("#pictures .tile")), true);
