// What is done to a photo's pixels, in a worker where there are workers.

const THUMB = 160;

/** Its sides as it is seen, upright, and a small picture of it. Throws if it cannot be read. */
export async function look(file) {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const thumb = await encoded(scaled(bitmap, THUMB / Math.min(width, height)), 0.85);
  bitmap.close();
  return { width, height, thumb };
}

/** A JPEG of it with sides of at most `most`. */
export async function shrink(file, most) {
  const bitmap = await createImageBitmap(file);
  const blob = await encoded(scaled(bitmap, most / Math.max(bitmap.width, bitmap.height)), 0.92);
  bitmap.close();
  return blob;
}

/** By halves, which keeps what is fine; never larger. */
function scaled(bitmap, scale) {
  const goal = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * Math.min(scale, 1))));
  let [from, width, height] = [bitmap, bitmap.width, bitmap.height];
  do {
    width = Math.max(goal[0], Math.ceil(width / 2));
    height = Math.max(goal[1], Math.ceil(height / 2));
    const canvas = blank(width, height);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(from, 0, 0, width, height);
    from = canvas;
  } while (width > goal[0] || height > goal[1]);
  return from;
}

function blank(width, height) {
  if (typeof OffscreenCanvas !== "undefined") return new OffscreenCanvas(width, height);
  return Object.assign(document.createElement("canvas"), { width, height });
}

function encoded(canvas, quality) {
  const type = "image/jpeg";
  if (canvas.convertToBlob) return canvas.convertToBlob({ type, quality });
  return new Promise((done) => { canvas.toBlob(done, type, quality); });
}
