// Shows one frame on two canvases: before with the regions, after as it would be.

const HIDE = "#e5484d";
const KEEP = "#f5a524";

export class Viewer {
  constructor(before, after, onDrawn) {
    this.before = before;
    this.after = after;
    this.onDrawn = onDrawn;
    this.drawing = false;
    this.window = { low: 0, high: 65535 };
    this.shapes = [];
    this.pictures = {};
    this.rubber = null;
    before.addEventListener("pointerdown", (event) => this.#down(event));
    before.addEventListener("pointermove", (event) => this.#move(event));
    before.addEventListener("pointerup", (event) => this.#up(event));
    before.addEventListener("pointercancel", () => { this.rubber = null; this.paint(); });
  }

  // pictures: {before, after}; after may be null: then it is drawn from before.
  show(pictures, shapes) {
    this.pictures = pictures;
    this.shapes = shapes;
    this.paint();
  }

  setDrawing(on) {
    this.drawing = on;
    this.before.classList.toggle("drawing", on);
  }

  paint() {
    const { before, after } = this.pictures;
    if (!before) return;
    paint(this.before, before, this.window);
    paint(this.after, after ?? before, this.window);
    if (!after) this.#cover();
    const context = this.before.getContext("2d");
    context.lineWidth = Math.max(1, before.columns / 300);
    for (const shape of this.shapes) outline(context, shape.box, shape.on ? HIDE : KEEP, shape.on);
    if (this.rubber) outline(context, boxOf(this.rubber), HIDE, false);
  }

  #cover() {
    const context = this.after.getContext("2d");
    context.fillStyle = "#000";
    for (const { box: [x0, y0, x1, y1], on } of this.shapes) {
      if (on) context.fillRect(x0, y0, x1 - x0, y1 - y0);
    }
  }

  #at(event) {
    const edge = this.before.getBoundingClientRect();
    const x = ((event.clientX - edge.left) / edge.width) * this.before.width;
    const y = ((event.clientY - edge.top) / edge.height) * this.before.height;
    return [clamp(x, this.before.width), clamp(y, this.before.height)];
  }

  #down(event) {
    if (!this.drawing || !this.pictures.before) return;
    this.before.setPointerCapture(event.pointerId);
    const at = this.#at(event);
    this.rubber = { from: at, to: at };
  }

  #move(event) {
    if (!this.rubber) return;
    this.rubber.to = this.#at(event);
    this.paint();
  }

  #up(event) {
    if (!this.rubber) return;
    this.rubber.to = this.#at(event);
    const box = boxOf(this.rubber);
    this.rubber = null;
    if (box[2] - box[0] > 1 && box[3] - box[1] > 1) this.onDrawn(box);
    this.paint();
  }
}

export async function picture(response) {
  const header = (name) => Number(response.headers.get(`Maskray-${name}`));
  const bytes = await response.arrayBuffer();
  const samples = header("Samples");
  return {
    rows: header("Rows"), columns: header("Columns"), samples,
    low: header("Low"), high: header("High"),
    values: samples === 1 ? new Uint16Array(bytes) : new Uint8Array(bytes),
  };
}

function paint(canvas, { rows, columns, samples, values }, { low, high }) {
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const image = new ImageData(columns, rows);
  const scale = 255 / Math.max(high - low, 1);
  const shade = samples === 1 ? null : new Uint8ClampedArray(256);
  shade?.forEach((_, value) => { shade[value] = (value * 257 - low) * scale; });
  for (let pixel = 0; pixel < rows * columns; pixel++) {
    const to = pixel * 4;
    if (samples === 1) {
      const grey = (values[pixel] - low) * scale;
      image.data[to] = image.data[to + 1] = image.data[to + 2] = grey;
    } else {
      for (let sample = 0; sample < 3; sample++) image.data[to + sample] = shade[values[pixel * 3 + sample]];
    }
    image.data[to + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function outline(context, [x0, y0, x1, y1], colour, solid) {
  context.strokeStyle = colour;
  context.setLineDash(solid ? [] : [4, 3]);
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
}

function boxOf({ from, to }) {
  const xs = [from[0], to[0]].sort((a, b) => a - b);
  const ys = [from[1], to[1]].sort((a, b) => a - b);
  return [Math.floor(xs[0]), Math.floor(ys[0]), Math.ceil(xs[1]), Math.ceil(ys[1])];
}

const clamp = (value, most) => Math.min(Math.max(value, 0), most);
