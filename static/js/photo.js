// The photo to edit: picked, taken, dropped or pasted as a file, or an image of the gallery.

import { PhotoDesk } from "./photo-desk.js";

const TYPES = new Set(["image/jpeg", "image/png", "image/webp"]);
const OTHERS = { avif: "AVIF", bmp: "BMP", gif: "GIF", pdf: "PDF", svg: "SVG", tif: "TIFF", tiff: "TIFF" };
const HEIC = /^hei[cf]$/;
const IMAGE_URL = /\/images\/([0-9a-f-]{36})\//;

export class Photo {
  /** `changed` is called after every change; `say` shows a sentence, and perhaps a way out. */
  constructor(form, { changed, say }) {
    this.file = form.querySelector("[name=photo]");
    this.source = form.querySelector("[name=source]");
    this.row = form.querySelector("#photo");
    this.picture = form.querySelector("#photo-image");
    this.name = form.querySelector("#photo-name");
    this.desk = new PhotoDesk(this.file.dataset.worker);
    this.why = null; // the sentence and the way out, while the photo cannot be sent as it is
    this.shape = this.row.hidden ? null : [Number(this.row.dataset.width), Number(this.row.dataset.height)];
    this.changed = changed;
    this.say = say;
    this.file.addEventListener("change", () => this.#picked());
    form.querySelector("#camera").addEventListener("change", (event) => this.#taken(event.target));
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
    this.#show("", "", null);
  }

  useFile(file) {
    const bag = new DataTransfer();
    bag.items.add(file);
    this.file.files = bag.files;
    return this.#picked();
  }

  /** `shape` is [width, height], where it is known. */
  useImage(id, name, shape = null) {
    this.file.value = "";
    this.why = null;
    this.source.value = id;
    this.say("");
    this.#show(`/images/${id}/small`, name, shape);
  }

  /** After a photo went up once, the next edit names it instead of sending it again. */
  keepAs(id) {
    if (!this.file.files.length || !id) return;
    this.file.value = "";
    this.source.value = id;
    document.dispatchEvent(new CustomEvent("easel:photo", { detail: { isSame: true } }));
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

  #taken(camera) {
    if (camera.files.length) this.useFile(camera.files[0]);
    camera.value = "";
  }

  async #picked() {
    const file = this.file.files[0];
    if (!file) return this.clear();
    const wrong = await this.#wrongAtSight(file);
    if (this.file.files[0] !== file) return null;
    if (wrong) return this.refuse(wrong);
    this.source.value = "";
    this.why = null;
    this.say("");
    this.#show("", file.name, null);
    return this.#look(file);
  }

  /** What is no photo does not stay; nor is anything made of the words that were about it. */
  refuse(sentence) {
    this.drop();
    this.why = [sentence, { label: "Go on without a photo", act: () => this.clear() }];
    this.say(...this.why);
  }

  async #wrongAtSight(file) {
    const says = this.file.dataset;
    if (file.size === 0) return says.sayEmpty;
    const ends = [file.type.replace(/^\w+\/|\+.*$/g, ""), file.name.split(".").pop().toLowerCase()];
    if (ends.some((each) => HEIC.test(each)) || await isHeic(file)) return says.sayHeic;
    if (TYPES.has(file.type)) return "";
    const name = OTHERS[ends[0]] ?? OTHERS[ends[1]];
    return name ? says.sayOther.replace("{name}", name) : says.sayType;
  }

  async #look(file) {
    const seen = await this.desk.look(file).catch(() => null);
    if (this.file.files[0] !== file) return;
    if (!seen) return this.refuse(this.file.dataset.sayType);
    this.#show(URL.createObjectURL(seen.thumb), file.name, [seen.width, seen.height]);
    this.#checkLimits(file, seen);
  }

  #checkLimits(file, { width, height }) {
    const { maxSide, maxBytes, sayBytes } = this.file.dataset;
    const isWide = Math.max(width, height) > Number(maxSide);
    if (!isWide && file.size <= Number(maxBytes)) return;
    const sentence = isWide
      ? `This picture is ${width} × ${height} pixels; at most ${maxSide} × ${maxSide} are taken.`
      : sayBytes;
    this.why = [sentence, { label: "Scale it down", act: () => this.#shrink(file, Number(maxSide)) }];
    this.say(...this.why);
  }

  async #shrink(file, most) {
    this.why = ["The picture is being scaled down."];
    this.say(...this.why);
    const blob = await this.desk.shrink(file, most).catch(() => null);
    if (this.file.files[0] !== file) return;
    if (!blob) this.refuse("This browser could not scale the picture down.");
    else this.useFile(new File([blob], `${file.name.replace(/\.\w+$/, "")}.jpg`, { type: "image/jpeg" }));
  }

  #show(url, name, shape) {
    if (this.shown?.startsWith("blob:")) URL.revokeObjectURL(this.shown);
    this.shown = url;
    this.shape = shape;
    if (url) this.picture.src = url;
    else this.picture.removeAttribute("src");
    this.name.textContent = name;
    this.row.hidden = !this.isThere;
    this.changed();
    document.dispatchEvent(new Event("easel:photo"));
  }
}

/** By its first bytes: phones send HEIC under any name and type. */
async function isHeic(file) {
  const text = String.fromCharCode(...new Uint8Array(await file.slice(4, 12).arrayBuffer()));
  return /^ftyp(hei|hev|mif1|msf1)/.test(text);
}
