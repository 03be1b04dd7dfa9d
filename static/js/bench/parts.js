// What the server draws of a picture on the bench, and pictures that are shown once they are whole.

const PATIENCE_MS = 15_000;

/** A fragment; null if it did not come, or is not ours. */
export async function part(url, signal = undefined) {
  try {
    const response = await fetch(url, { signal, headers: { "HX-Request": "true" } });
    if (response.status === 401) document.dispatchEvent(new Event("easel:signed-out"));
    if (!response.ok || response.headers.get("X-Easel") !== "fragment") return null;
    const template = document.createElement("template");
    template.innerHTML = await response.text();
    return document.importNode(template.content, true);
  } catch {
    return null;
  }
}

/** So that nothing flashes; but not waited for without end. */
export function decoded(image) {
  const late = new Promise((done) => { setTimeout(done, PATIENCE_MS); });
  return Promise.race([image.decode().catch(() => null), late]);
}
