// The diagram: the numbers in its boxes and on its arrows, and its size.

const LEAST_READABLE = 0.75;
const MOST_AT_FIRST = 1.8;
const ZOOM = 1.25;

// Boxes of more quantities than this are never marked as zero.
const MOST_ZEROS = 8;

const NOTHING = { fields: [], labels: [], nodes: [], arrows: [], legend: [] };

class Diagram {
  // `picture` is null where nothing was drawn.
  constructor(picture, links) {
    this.pane = byId("picture");
    this.svg = this.pane.querySelector("svg");
    byId("noPicture").hidden = picture !== null;
    picture ??= NOTHING;
    this.fields = picture.fields.map((field) => this.field(field));
    this.labels = picture.labels.map((label) => ({ ...label, text: this.textsOf(label.arrow)[label.line] }));
    this.nodes = new Map(); // of each quantity, its box
    this.boxes = picture.nodes.map(({ id, quantities }) => ({ box: byId(id), quantities }));
    for (const { box, quantities } of this.boxes) {
      links.add(box, quantities);
      for (const q of quantities) this.nodes.set(q, box);
    }
    this.into = new Map(); // of a result, the arrows to it
    this.back = new Map(); // of a result and an operand, the arrows back
    for (const { id, operand, result, forward, backward } of picture.arrows) {
      if (forward) addTo(this.into, result, byId(id));
      if (backward) addTo(this.back, `${result} ${operand}`, byId(id));
    }
    this.byQuantity = new Map();
    for (const field of this.fields) {
      addTo(this.byQuantity, `${field.quantity} ${field.derivative}`, field);
    }
    for (const line of picture.legend) byId("legend").append(make("p", "", line));
    links.listen(this.pane);
    const box = this.svg?.getAttribute("viewBox") ?? "0 0 1 1";
    const [, , width, height] = box.split(" ").map(Number);
    this.size = { width, height };
    byId("bigger").addEventListener("click", () => this.zoom(this.scale * ZOOM));
    byId("smaller").addEventListener("click", () => this.zoom(this.scale / ZOOM));
    byId("fit").addEventListener("click", () => this.fit());
    this.scale = 1;
    this.begin();
  }

  textsOf(id) {
    return byId(id).querySelectorAll("text");
  }

  field(field) {
    const texts = [...this.textsOf(field.node)].slice(field.first, field.first + field.lines);
    return { ...field, texts };
  }

  // The text elements that show a value or a derivative.
  textsFor(q, derivative) {
    return (this.byQuantity.get(`${q} ${derivative}`) ?? []).flatMap((field) => field.texts);
  }

  begin() {
    const whole = this.scaleOfWhole();
    this.zoom(clamped(whole, LEAST_READABLE, MOST_AT_FIRST));
  }

  fit() {
    this.zoom(this.scaleOfWhole());
  }

  scaleOfWhole() {
    const { clientWidth, clientHeight } = this.pane;
    return Math.min(clientWidth / this.size.width, clientHeight / this.size.height) || 1;
  }

  zoom(scale) {
    this.scale = clamped(scale, 0.05, 8);
    if (this.svg === null) return;
    this.svg.style.width = `${this.size.width * this.scale}px`;
    this.svg.style.height = `${this.size.height * this.scale}px`;
  }

  showNumber(q, derivative, value, known) {
    for (const field of this.byQuantity.get(`${q} ${derivative}`) ?? []) {
      const lines = known ? shownLines(field, value) : unknownLines(field);
      field.texts.forEach((text, i) => fitted(text, lines[i] ?? "", field.width));
      centred(field.texts, lines.filter(Boolean).length);
    }
  }

  showPartials(numbers) {
    for (const { text, prefix, computed } of this.labels) {
      setText(text, prefix + number(numbers.partial(computed)));
    }
  }
}

function shownLines({ prefix, whole, lines, width }, value) {
  if (!whole) return [prefix + shapeText(value.shape), ranges(value.data).join(", ")];
  const text = prefix + arraySummary(value);
  return lines === 1 ? [text] : wrapped(text, width, lines);
}

function unknownLines({ prefix, lines }) {
  const empty = new Array(lines - 1).fill("");
  return [`${prefix}?`, ...empty];
}

// A text as at most so many lines; what is beyond is cut.
function wrapped(text, width, most) {
  const lines = [""];
  for (const word of text.match(/\S+\s*/g)) {
    if (lines.at(-1) && (lines.at(-1) + word.trimEnd()).length > width) {
      if (lines.length === most) {
        lines[most - 1] = (lines.at(-1) + word).slice(0, width - 3).trimEnd() + "...";
        break;
      }
      lines.push("");
    }
    lines[lines.length - 1] += word;
  }
  return lines.map((line) => line.trimEnd());
}

// Moves lines to the middle of the room of more lines.
function centred(texts, count) {
  if (texts.length < 2) return;
  const [first, second] = texts.map((text) => Number(text.getAttribute("y")));
  const down = ((texts.length - count) * (second - first)) / 2;
  for (const text of texts) text.setAttribute("transform", `translate(0 ${down})`);
}

// Writes a text into its box, squeezed where it is longer than the room that was left.
function fitted(element, text, width) {
  setText(element, text);
  element.removeAttribute("textLength");
  if (text.length <= width) return;
  const natural = element.getComputedTextLength();
  element.setAttribute("textLength", (natural * width) / text.length);
  element.setAttribute("lengthAdjust", "spacingAndGlyphs");
}
