// One image on the canvas: zoom, pan, window and level.

const MAX_ZOOM = 12;

// The window that an image is first seen in. An end of its range that more than 1 % of its pixels share is what covers a part of it,
// or a background: were it within, the same image would be paler with a part covered than without.
function shownFirst(values, [low, high]) {
  const counts = new Uint32Array(65536);
  for (const v of values) counts[v]++;
  const [many, ends] = [values.length / 100, [low, high]];
  if (counts[low] > many) do ends[0]++; while (ends[0] < high && !counts[ends[0]]);
  if (counts[high] > many) do ends[1]--; while (ends[1] > low && !counts[ends[1]]);
  return ends[0] < ends[1] ? ends : [low, high];
}

class View {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.picture = null;
    this.pointers = new Map();
    this.source = document.createElement("canvas");
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener("pointerdown", (e) => this.down(e));
    canvas.addEventListener("pointermove", (e) => this.move(e));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (e) => this.pointers.delete(e.pointerId));
    canvas.addEventListener("contextmenu", (e) => e.preventDefault());
    canvas.addEventListener("dblclick", () => this.reset());
    canvas.addEventListener("wheel", (e) => this.wheel(e), { passive: false });
  }

  show(picture) {
    this.picture = picture;
    const eight = picture.depth === 8;
    // 8 bits fill their range; deeper images seldom do.
    this.range = eight || picture.low === picture.high ? [0, eight ? 255 : 65535] : [picture.low, picture.high];
    this.start = eight ? this.range : shownFirst(picture.values, this.range);
    this.source.width = picture.width;
    this.source.height = picture.height;
    this.reset();
  }

  clear() {
    this.picture = null;
    this.draw();
  }

  reset() {
    if (!this.picture) return;
    [this.zoom, this.x, this.y] = [1, 0, 0];
    const [low, high] = this.start;
    this.window = high - low;
    this.level = (low + high) / 2;
    this.paint();
  }

  // Values become grey levels by the window.
  paint() {
    const { width, height, channels, values, depth } = this.picture;
    const table = new Uint8ClampedArray(depth === 8 ? 256 : 65536);
    const low = this.level - this.window / 2;
    for (let v = 0; v < table.length; v++) table[v] = ((v - low) / this.window) * 255;
    const image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = table[values[channels === 3 ? 3 * i + c : i]];
      image.data[4 * i + 3] = 255;
    }
    this.source.getContext("2d").putImageData(image, 0, 0);
    this.draw();
  }

  // Canvas pixels an image pixel at zoom 1: the whole image fits.
  fit() {
    return Math.min(this.canvas.width / this.picture.width, this.canvas.height / this.picture.height);
  }

  draw() {
    const { canvas } = this;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    if (!this.picture) return;
    const size = this.fit() * this.zoom;
    const [w, h] = [this.picture.width * size, this.picture.height * size];
    const bound = (offset, image, room) => Math.max(-Math.max(0, (image - room) / 2), Math.min(Math.max(0, (image - room) / 2), offset));
    this.x = bound(this.x, w, width);
    this.y = bound(this.y, h, height);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.source, (width - w) / 2 + this.x, (height - h) / 2 + this.y, w, h);
    canvas.style.touchAction = this.zoom > 1 ? "none" : "pan-y";
    this.changed();
  }

  // Enlarges about a point of the canvas, from its middle.
  scale(factor, x = 0, y = 0) {
    if (!this.picture) return;
    const zoom = Math.max(1, Math.min(MAX_ZOOM, this.zoom * factor));
    const by = zoom / this.zoom;
    [this.x, this.y, this.zoom] = [x + (this.x - x) * by, y + (this.y - y) * by, zoom];
    this.draw();
  }

  pan(x, y) {
    this.x += x;
    this.y += y;
    this.draw();
  }

  // In shares of the image's range.
  adjust(window, level) {
    if (!this.picture) return;
    const span = this.range[1] - this.range[0];
    this.set(this.window + window * span, this.level + level * span);
  }

  set(window, level) {
    if (!this.picture) return;
    const [low, high] = this.range;
    this.window = Math.max(1, Math.min(2 * (high - low), window));
    this.level = Math.max(low, Math.min(high, level));
    this.paint();
  }

  at(e) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return [(e.clientX - box.left - box.width / 2) * scale, (e.clientY - box.top - box.height / 2) * scale];
  }

  down(e) {
    this.canvas.setPointerCapture(e.pointerId);
    this.pointers.set(e.pointerId, this.at(e));
  }

  move(e) {
    const before = this.pointers.get(e.pointerId);
    if (!before || !this.picture) return;
    const now = this.at(e);
    const others = [...this.pointers].filter(([id]) => id !== e.pointerId);
    const [x, y] = [now[0] - before[0], now[1] - before[1]];
    if (others.length) {
      const [ox, oy] = others[0][1];
      const apart = (p) => Math.max(1, Math.hypot(p[0] - ox, p[1] - oy));
      this.scale(apart(now) / apart(before), (now[0] + ox) / 2, (now[1] + oy) / 2);
    } else if (e.shiftKey || e.buttons === 2) {
      this.adjust(x / this.canvas.width, y / this.canvas.height);
    } else {
      this.pan(x, y);
    }
    this.pointers.set(e.pointerId, now);
  }

  wheel(e) {
    if (!this.picture) return;
    e.preventDefault();
    this.scale(Math.exp(-e.deltaY / 500), ...this.at(e));
  }
}
