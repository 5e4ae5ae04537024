// The few things that every part of the page does with elements.
//
// Text reaches the page by `textContent` and `value` alone: nothing here, or in any other file,
// writes markup.

const byId = (id) => document.getElementById(id);

function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

// Writes a text where it is another one: a text that stays costs nothing.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Adds to the list under a key of a map.
function addTo(map, key, item) {
  if (map.has(key)) map.get(key).push(item);
  else map.set(key, [item]);
}

const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

// Scrolls a pane, and nothing around it, so that elements within it are seen.
function reveal(pane, elements) {
  if (!elements.length || !pane.clientHeight) return;
  const frame = pane.getBoundingClientRect();
  const boxes = elements.map((element) => element.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left)) - frame.left;
  const right = Math.max(...boxes.map((box) => box.right)) - frame.left;
  const top = Math.min(...boxes.map((box) => box.top)) - frame.top;
  const bottom = Math.max(...boxes.map((box) => box.bottom)) - frame.top;
  const x = shift(left, right, pane.clientWidth);
  const y = shift(top, bottom, pane.clientHeight);
  if (x || y) pane.scrollBy({ left: x, top: y, behavior: calm.matches ? "auto" : "smooth" });
}

// How far to scroll along one axis: not at all where all is seen, else to the middle.
function shift(from, to, size) {
  const margin = Math.min(40, size / 10);
  if (from >= margin && to <= size - margin) return 0;
  return to - from > size ? from - margin : (from + to - size) / 2;
}

// Elements that show a quantity, and which quantities are marked in all of them: by pointing at
// one, until the pointer leaves it, or by a click, until the next.
class Links {
  constructor(count) {
    this.elements = Array.from({ length: count }, () => []);
    this.kept = [];
    this.shown = [];
    this.panes = [];
  }

  add(element, quantities) {
    element.dataset.q = quantities.join(" ");
    for (const q of quantities) this.elements[q].push(element);
  }

  listen(pane) {
    this.panes.push(pane);
    pane.addEventListener("pointerover", (event) => this.show(quantitiesAt(event.target)));
    pane.addEventListener("pointerleave", () => this.show([]));
    pane.addEventListener("focusin", (event) => this.show(quantitiesAt(event.target)));
    pane.addEventListener("focusout", () => this.show([]));
    pane.addEventListener("click", (event) => this.keep(quantitiesAt(event.target), pane));
  }

  keep(quantities, pane) {
    this.kept = this.kept.join() === quantities.join() ? [] : quantities;
    this.show([]);
    for (const other of this.panes) {
      if (other !== pane) reveal(other, this.within(other, this.kept));
    }
  }

  within(pane, quantities) {
    return quantities.slice(0, 1).flatMap((q) => this.elements[q].filter((e) => pane.contains(e)));
  }

  show(quantities) {
    for (const q of this.shown) {
      for (const element of this.elements[q]) element.classList.remove("linked");
    }
    this.shown = [...this.kept, ...quantities];
    for (const q of this.shown) {
      for (const element of this.elements[q]) element.classList.add("linked");
    }
  }
}

// Those of the innermost element around a place that shows any.
function quantitiesAt(target) {
  const found = target instanceof Element ? target.closest("[data-q]") : null;
  return found ? found.dataset.q.split(" ").map(Number) : [];
}
