// One row for each quantity: what `gradc run` prints of it.
//
// One row can be reached by the tabulator, from which arrow keys lead to the others.

const LEAST_EQUATION = 11;
const MOST_EQUATION = 72;
const LETTER = 0.61; // how wide a letter of these fonts is, as a part of its size

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
    return { row, value, derivative };
  }

  // Columns as wide as their texts can get, so that nothing moves when numbers change.
  setWidths() {
    const { quantities, output } = this.data;
    const longest = (key) => quantities.reduce((most, row) => Math.max(most, row[key].length), 0);
    const arrays = quantities.some(({ shape }) => shape !== "scalar");
    document.documentElement.classList.toggle("arrays", arrays);
    const number = arrays ? 26 : 12;
    const widths = [clamped(longest("name"), 4, 16), null, clamped(longest("shape"), 6, 12), number];
    if (output !== null) widths.push(clamped(longest("derivative"), 4, 16), number);
    const columns = make("colgroup");
    widths.forEach((width, i) => {
      const column = make("col");
      const padding = i === 0 ? 1.5 : 1;
      const last = i === widths.length - 1; // has what is left
      if (width !== null && !last) column.style.width = `calc(${width}ch + ${padding}rem)`;
      columns.append(column);
    });
    this.equation = columns.children[1];
    this.wanted = clamped(longest("equation"), LEAST_EQUATION, MOST_EQUATION);
    const table = byId("table").querySelector("table");
    table.prepend(columns);
    const total = widths.reduce((sum, width) => sum + (width ?? LEAST_EQUATION), 0);
    table.style.setProperty("--wide", `calc(${total}ch + ${widths.length + 0.5}rem)`);
    this.others = [total - LEAST_EQUATION, widths.length - 0.5];
    new ResizeObserver(() => this.fit()).observe(this.pane);
  }

  // The equation has what its text needs, as far as there is room.
  fit() {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const [letters, spaces] = this.others;
    const room = this.pane.clientWidth - (letters * LETTER + spaces) * rem;
    const least = LEAST_EQUATION * LETTER * rem;
    const wanted = (this.wanted * LETTER + 1) * rem;
    this.equation.style.width = `${Math.max(least, Math.min(wanted, room))}px`;
  }

  // A table stays one where a narrow page lays its rows out in another way.
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
    setText(this.rows[q].value, known ? arrayCell(numbers.value(q)) : "");
  }

  showAdjoint(q, numbers, known) {
    const { adjoint, lost } = this.data.quantities[q];
    if (adjoint === null) return;
    const text = lost ? this.data.noPath : arrayCell(numbers.adjoint(q));
    setText(this.rows[q].derivative, known ? text : "");
  }
}

function clamped(x, least, most) {
  return Math.min(Math.max(x, least), most);
}
