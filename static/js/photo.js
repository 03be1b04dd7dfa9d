// The photo to edit: picked, dropped or pasted as a file, or an image of the gallery.

const TYPES = new Set(["image/jpeg", "image/png", "image/webp"]);
const OTHERS = {
  avif: "AVIF", bmp: "BMP", gif: "GIF", heic: "HEIC", heif: "HEIF", pdf: "PDF", svg: "SVG", tif: "TIFF", tiff: "TIFF",
};
const IMAGE_URL = /\/images\/([0-9a-f-]{36})\//;

export class Photo {
  /** `changed` is called after every change; `say` shows a sentence, and perhaps a way out. */
  constructor(form, { changed, say }) {
    this.file = form.querySelector("[name=photo]");
    this.source = form.querySelector("[name=source]");
    this.row = form.querySelector("#photo");
    this.picture = form.querySelector("#photo-image");
    this.name = form.querySelector("#photo-name");
    this.why = null; // the sentence and the way out, while the photo cannot be sent as it is
    this.changed = changed;
    this.say = say;
    this.file.addEventListener("change", () => this.#picked());
    form.querySelector("#photo-remove").addEventListener("click", (event) => {
      event.preventDefault();
      this.clear();
    });
  }

  get isThere() {
    return Boolean(this.file.files.length || this.source.value);
  }

  /** Takes a file that was chosen before this script ran. */
  look() {
    if (this.file.files.length) this.#picked();
  }

  clear() {
    this.drop();
    this.say("");
  }

  /** As `clear`, but leaves what is said. */
  drop() {
    this.file.value = "";
    this.source.value = "";
    this.why = null;
    this.#show("", "");
    if (location.search) history.replaceState(null, "", location.pathname);
  }

  useFile(file) {
    const bag = new DataTransfer();
    bag.items.add(file);
    this.file.files = bag.files;
    this.#picked();
  }

  useImage(id, name) {
    this.file.value = "";
    this.why = null;
    this.source.value = id;
    this.say("");
    this.#show(`/images/${id}/small`, name);
  }

  /** After a photo went up once, the next edit names it instead of sending it again. */
  keepAs(id) {
    if (!this.file.files.length || !id) return;
    this.file.value = "";
    this.source.value = id;
  }

  /** True if the transfer held something to edit. */
  take(transfer) {
    const link = transfer.getData("text/uri-list") || transfer.getData("text/html");
    const known = IMAGE_URL.exec(link);
    if (known && link.includes(location.host)) {
      this.useImage(known[1], "From the gallery");
      return true;
    }
    const file = [...transfer.files].find((each) => each.type.startsWith("image/")) ?? transfer.files[0];
    if (file) this.useFile(file);
    return Boolean(file);
  }

  async #picked() {
    const file = this.file.files[0];
    if (!file) return this.clear();
    const wrong = this.#wrongAtSight(file);
    if (wrong) return this.refuse(wrong);
    this.source.value = "";
    this.why = null;
    this.say("");
    this.#show(URL.createObjectURL(file), file.name);
    return this.#checkSides(file);
  }

  /** What is no photo does not stay; nor is anything made of the words that were about it. */
  refuse(sentence) {
    this.drop();
    this.why = [sentence, { label: "Go on without a photo", act: () => this.clear() }];
    this.say(...this.why);
  }

  #wrongAtSight(file) {
    const says = this.file.dataset;
    if (file.size === 0) return says.sayEmpty;
    if (file.size > Number(says.maxBytes)) return says.sayBytes;
    if (TYPES.has(file.type)) return "";
    const name = OTHERS[file.type.replace(/^\w+\/|\+.*$/g, "")] ?? OTHERS[file.name.split(".").pop().toLowerCase()];
    return name ? says.sayOther.replace("{name}", name) : says.sayType;
  }

  async #checkSides(file) {
    const most = Number(this.file.dataset.maxSide);
    const bitmap = await createImageBitmap(file).catch(() => null);
    if (this.file.files[0] !== file) return;
    if (!bitmap) return this.refuse(this.file.dataset.sayType);
    const { width, height } = bitmap;
    if (Math.max(width, height) > most) {
      this.why = [
        `This picture is ${width} × ${height} pixels; at most ${most} × ${most} are taken.`,
        { label: "Scale it down", act: async () => this.useFile(await smaller(file, bitmap, most)) },
      ];
      this.say(...this.why);
    }
  }

  #show(url, name) {
    if (this.shown?.startsWith("blob:")) URL.revokeObjectURL(this.shown);
    this.shown = url;
    if (url) this.picture.setAttribute("href", url);
    else this.picture.removeAttribute("href");
    this.name.textContent = name;
    this.row.hidden = !this.isThere;
    this.changed();
  }
}

async function smaller(file, bitmap, most) {
  const scale = most / Math.max(bitmap.width, bitmap.height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.95); });
  return new File([blob], `${file.name.replace(/\.\w+$/, "")}.jpg`, { type: "image/jpeg" });
}

/** Takes files that are dropped or pasted anywhere on the page. */
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
