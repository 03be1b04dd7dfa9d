// Reads and scales photos beside the page, so that a large one does not hold it up.

import { look, shrink } from "./photo-work.js";

addEventListener("message", async ({ data: { id, verb, file, most } }) => {
  try {
    postMessage({ id, answer: await (verb === "look" ? look(file) : shrink(file, most)) });
  } catch {
    postMessage({ id, isWrong: true });
  }
});
