// One row for each quantity: what `gradc run` prints of it.
//
// One row can be reached by the tabulator, from which arrow keys lead to the others.

const LEAST_EQUATION = 11;
const MOST_EQUATION = 72;
const LETTER = 0.57; // how wide a letter of the table is, in rem

class Table {
  constructor(data, links) {
    this.data = data;
    this.pane = byId("table").querySelector(".scroll");
    const titles = ["name", "equation", "shape", "value"];
    if (data.output !== null) titles.push("dVar", `d${data.output}/dVar`);
    const head = make("tr");
    for (const title of titles) {
      const cell = make("th", "", title);
      cell.scope = "col";
      head.append(cell);
    }
    byId("titles").append(head);
    this.rows = data.quantities.map((quantity, q) => this.row(quantity, q, links));
    byId("rows").append(...this.rows.map(({ row }) => row));
    this.setWidths();
    this.setRoles();
    if (this.rows.length) this.rows[0].row.tabIndex = 0;
    byId("rows").addEventListener("keydown", (event) => this.moved(event));
    links.listen(byId("rows"));
  }

  row(quantity, q, links) {
    const row = make("tr");
    row.dataset.kind = quantity.kind;
    row.tabIndex = -1;
    const name = make("th", "name", quantity.name);
    name.scope = "row";
    const value = make("td", "value");
    row.append(name, make("td", "equation", quantity.equation));
    row.append(make("td", "shape", quantity.shape), value);
    let derivative = null;
    if (this.data.output !== null) {
      derivative = make("td", "derivative");
      row.append(make("td", "called", quantity.derivative), derivative);
    }
    links.add(row, [q]);
    return { row, value, derivative, texts: { value: "", derivative: "" } };
  }

  // Columns as wide as their texts can get, so that nothing moves when numbers change.  Each row is
  // a grid of its own with the same columns: a browser then lays out the rows that are seen, and no
  // others.
  setWidths() {
    const { quantities, output } = this.data;
    const longest = (key) => quantities.reduce((most, row) => Math.max(most, row[key].length), 0);
    const arrays = quantities.some(({ shape }) => shape !== "scalar");
    document.documentElement.classList.toggle("arrays", arrays);
    const number = room(arrays ? 26 : 12);
    const least = room(LEAST_EQUATION);
    const most = room(clamped(longest("equation"), LEAST_EQUATION, MOST_EQUATION));
    const name = room(clamped(longest("name"), 4, 16)) + 0.5;
    const shape = room(clamped(longest("shape"), 6, 12));
    const columns = [`${name}rem`, `minmax(${least}rem, ${most}rem)`, `${shape}rem`];
    let total = name + least + shape + number;
    if (output !== null) {
      const called = room(clamped(longest("derivative"), 4, 16));
      columns.push(`${number}rem`, `${called}rem`);
      total += number + called;
    }
    columns.push(`minmax(${number}rem, 1fr)`);
    const { style } = byId("table").querySelector("table");
    style.setProperty("--columns", columns.join(" "));
    style.setProperty("--wide", `${total}rem`);
  }

  // A table stays one however its rows are laid out.
  setRoles() {
    const roles = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", td: "cell" };
    const table = byId("table").querySelector("table");
    table.setAttribute("role", roles.table);
    for (const element of table.querySelectorAll("thead, tbody, tr, td")) {
      element.setAttribute("role", roles[element.localName]);
    }
    for (const element of table.querySelectorAll("th")) {
      element.setAttribute("role", element.scope === "col" ? "columnheader" : "rowheader");
    }
  }

  moved(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest("tr");
    const next = step === 1 ? row?.nextElementSibling : row?.previousElementSibling;
    if (!step || !next) return;
    event.preventDefault();
    row.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  // Shows the numbers of a quantity, as far as they are known.
  showValue(q, numbers, known) {
    this.write(this.rows[q], "value", known ? arrayCell(numbers.value(q)) : "");
  }

  showAdjoint(q, numbers, known) {
    const { adjoint, lost } = this.data.quantities[q];
    if (adjoint === null) return;
    const text = lost ? this.data.noPath : arrayCell(numbers.adjoint(q));
    this.write(this.rows[q], "derivative", known ? text : "");
  }

  // A text that stays costs nothing: it is compared with what was written, not with the page.
  write(row, cell, text) {
    if (row.texts[cell] === text) return;
    row.texts[cell] = text;
    row[cell].textContent = text;
  }
}

// The width of a column for so many letters, in rem.
function room(letters) {
  return letters * LETTER + 1;
}

function clamped(x, least, most) {
  return Math.min(Math.max(x, least), most);
}
