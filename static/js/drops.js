// Photos that are dropped or pasted anywhere on the page.

export function takeFromPage(photo, taken) {
  let depth = 0;
  const mark = (change) => {
    depth = change ? Math.max(0, depth + change) : 0;
    document.documentElement.classList.toggle("is-dropping", depth > 0);
  };
  const holds = (event) => event.dataTransfer?.types.some((type) => type === "Files" || type === "text/uri-list");
  document.addEventListener("dragenter", (event) => { if (holds(event)) mark(1); });
  document.addEventListener("dragleave", (event) => { if (holds(event)) mark(-1); });
  document.addEventListener("dragover", (event) => { if (holds(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    mark(0);
    if (photo.take(event.dataTransfer)) taken();
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files].find((each) => each.type.startsWith("image/"));
    if (!file) return;
    event.preventDefault();
    photo.useFile(file);
    taken();
  });
}
