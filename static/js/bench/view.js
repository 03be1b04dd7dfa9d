// How closely the picture is seen while a region of it is chosen: scaled and moved as one with
// its sheet, by the compositor alone.

const MOST = 8;

export class View {
  /** `changed` is called with the scale, whoever changed it. */
  constructor(frame, changed) {
    this.frame = frame;
    this.changed = changed;
    this.image = frame.querySelector(".bench-image");
    this.scale = 1;
    this.x = this.y = 0;
  }

  end() {
    for (const name of ["--scale", "--x", "--y", "--feather"]) this.frame.style.removeProperty(name);
  }

  /** Around a point of the screen, or the middle; 0 shows all of it again. */
  zoom(factor, at = null) {
    const area = this.frame.getBoundingClientRect();
    const scale = factor ? Math.min(MOST, Math.max(1, this.scale * factor)) : 1;
    const x = at ? at.clientX - area.left : area.width / 2;
    const y = at ? at.clientY - area.top : area.height / 2;
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.#settle();
    if (scale > 1) this.#sharpen();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#settle();
  }

  /** Moves so that a point, given as shares of the picture, is seen with room around it. */
  reveal(across, down) {
    const { width, height } = this.frame.getBoundingClientRect();
    const short = (at, size) => Math.max(0, size * 0.15 - at) - Math.max(0, at - size * 0.85);
    if (this.scale > 1) this.pan(short(this.x + across * width * this.scale, width), short(this.y + down * height * this.scale, height));
  }

  #settle() {
    const { width, height } = this.frame.getBoundingClientRect();
    this.x = Math.min(0, Math.max(width * (1 - this.scale), this.x));
    this.y = Math.min(0, Math.max(height * (1 - this.scale), this.y));
    const { style } = this.frame;
    style.setProperty("--scale", String(this.scale));
    style.setProperty("--x", `${this.x}px`);
    style.setProperty("--y", `${this.y}px`);
    this.changed(this.scale);
  }

  /** All its pixels, once they can be seen. */
  #sharpen() {
    const { full } = this.image.dataset;
    if (!full) return;
    delete this.image.dataset.full;
    const whole = new Image();
    whole.src = full;
    whole.decode().then(() => {
      this.image.removeAttribute("srcset");
      this.image.src = full;
    }).catch(() => null);
  }
}
