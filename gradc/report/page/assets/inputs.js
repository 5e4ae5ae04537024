// The controls of the inputs.
//
// A number has a field and a slider, a small array one of each for every element, a larger one
// a text of nested lists.  What cannot be read is said beside the field; the input keeps its last
// value then, so that all numbers on the page always belong together.

const MOST_ELEMENTS_WITH_FIELDS = 12;
const MOST_SLIDERS = 400;
const MOST_ELEMENTS_AS_TEXT = 5000;

class Inputs {
  // `given` are descriptions with decoded values; `changed` is called after each change.
  constructor(given, links, changed) {
    this.given = given;
    this.changed = changed;
    this.values = given.map(({ value }) => copied(value));
    this.resets = [];
    this.sliders = 0;
    const pane = byId("controls");
    if (!given.length) pane.append(make("p", "remark", "The program has no inputs."));
    given.forEach((input, i) => pane.append(this.group(input, i, links)));
    links.listen(pane);
    byId("reset").addEventListener("click", () => this.reset());
  }

  reset() {
    this.values = this.given.map(({ value }) => copied(value));
    for (const reset of this.resets) reset();
    this.changed();
  }

  group(input, i, links) {
    const group = make("fieldset", "input");
    const legend = make("legend", "", input.declared);
    const range = input.below === null ? "" : ` in 0 .. ${input.below - 1}`;
    legend.append(make("small", "", ` ${input.kind}${range}`));
    group.append(legend);
    links.add(group, [i]);
    if (typeof input.value !== "object") {
      group.append(this.control(input, input.name, () => this.values[i], (x) => (this.values[i] = x)));
    } else if (input.value.data.length <= MOST_ELEMENTS_WITH_FIELDS) {
      const { shape, data } = input.value;
      if (!data.length) group.append(make("p", "remark", `no elements: ${shape.join("x")}`));
      data.forEach((_, k) => {
        const get = () => this.values[i].data[k];
        const set = (x) => (this.values[i].data[k] = x);
        group.append(this.control(input, `${input.name}[${indices(k, shape)}]`, get, set));
      });
    } else {
      group.append(this.text(input, i));
    }
    return group;
  }

  // A field and a slider for one number.
  control(input, name, get, set) {
    const row = make("div", "control");
    const field = make("input");
    field.type = "text";
    field.inputMode = input.integer ? "numeric" : "decimal";
    field.autocomplete = "off";
    field.spellcheck = false;
    const label = make("label");
    label.append(make("span", "name", name), field);
    row.append(label);
    const message = make("p", "problem");
    message.setAttribute("role", "status");
    const slider = this.sliders < MOST_SLIDERS ? make("input") : null;
    if (slider) {
      this.sliders += 1;
      slider.type = "range";
      slider.setAttribute("aria-label", `${name}, slider`);
      row.append(slider);
    }
    row.append(message);
    let range = null;
    const place = (anew) => {
      if (!slider) return;
      if (anew || !liesOn(get(), range)) range = sliderRange(get(), input);
      slider.disabled = range === null;
      if (range === null) return;
      slider.min = range.min;
      slider.max = range.max;
      slider.step = range.step;
      slider.value = get();
    };
    const write = () => {
      field.value = typed(get());
      said(field, message, "");
      place(true);
    };
    field.addEventListener("input", () => {
      const reading = readNumber(field.value, input);
      said(field, message, reading.problem ?? "");
      if (reading.problem) return;
      set(reading.value);
      place(false);
      this.changed();
    });
    slider?.addEventListener("input", () => {
      set(Number(Number(slider.value).toPrecision(12)));
      field.value = typed(get());
      said(field, message, "");
      this.changed();
    });
    this.resets.push(write);
    write();
    return row;
  }

  // A text of nested lists for an array.
  text(input, i) {
    const row = make("div", "control whole");
    const { shape, data } = input.value;
    if (data.length > MOST_ELEMENTS_AS_TEXT) {
      row.append(make("p", "remark", `${data.length} elements: too many to edit here`));
      return row;
    }
    const field = make("textarea");
    field.rows = Math.min(shape.length > 1 ? shape[0] + 1 : 3, 6);
    field.spellcheck = false;
    field.setAttribute("aria-label", `${input.name}, ${shape.join(" by ")} elements`);
    const message = make("p", "problem");
    message.setAttribute("role", "status");
    row.append(field, message);
    const write = () => {
      field.value = rowsOf(typedArray(this.values[i]), shape);
      said(field, message, "");
    };
    field.addEventListener("input", () => {
      const reading = readArray(field.value, shape, input);
      said(field, message, reading.problem ?? "");
      if (reading.problem) return;
      this.values[i] = reading.value;
      this.changed();
    });
    this.resets.push(write);
    write();
    return row;
  }
}

// Shows what is wrong with a field, or that nothing is.
function said(field, message, problem) {
  setText(message, problem);
  field.classList.toggle("bad", problem !== "");
  if (problem) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

function copied(value) {
  return typeof value === "object" ? { shape: value.shape, data: [...value.data] } : value;
}

// The indices of the k-th element in rows.
function indices(k, shape) {
  const found = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    found.unshift(k % shape[axis]);
    k = Math.floor(k / shape[axis]);
  }
  return found.join(", ");
}

// A matrix with a line for each row.
function rowsOf(text, shape) {
  return shape.length > 1 ? text.replaceAll("], [", "],\n [") : text;
}
