// The study's PNG files: 8 or 16 bits, grey or colour, never interlaced.

const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

async function inflate(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function paeth(a, b, c) {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

// Undoes the filters of PNG, row by row; `step` is bytes a pixel.
function unfilter(raw, height, row, step) {
  const out = new Uint8Array(height * row);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)];
    const from = y * (row + 1) + 1;
    const to = y * row;
    for (let i = 0; i < row; i++) {
      const left = i >= step ? out[to + i - step] : 0;
      const up = y > 0 ? out[to + i - row] : 0;
      const corner = y > 0 && i >= step ? out[to + i - row - step] : 0;
      const guess =
        filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : filter === 4 ? paeth(left, up, corner) : 0;
      out[to + i] = raw[from + i] + guess;
    }
  }
  return out;
}

// Width, height, channels, depth, all values in their order, and the least and largest.
async function decode(base64) {
  const file = bytesOf(base64);
  const view = new DataView(file.buffer);
  const parts = [];
  let head = null;
  for (let at = 8; at < file.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (name === "IHDR") {
      head = { width: view.getUint32(at + 8), height: view.getUint32(at + 12), depth: file[at + 16], colour: file[at + 17] };
    }
    if (name === "IDAT") parts.push(file.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const channels = head.colour === 2 ? 3 : 1;
  const step = (channels * head.depth) / 8;
  const bytes = unfilter(await inflate(parts), head.height, head.width * step, step);
  const values = head.depth === 8 ? bytes : new Uint16Array(bytes.length / 2);
  if (head.depth === 16) for (let i = 0; i < values.length; i++) values[i] = (bytes[2 * i] << 8) | bytes[2 * i + 1];
  let [low, high] = [65535, 0];
  for (const v of values) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return { width: head.width, height: head.height, channels, depth: head.depth, values, low, high };
}
