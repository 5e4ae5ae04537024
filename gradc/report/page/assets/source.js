// The author's text, line by line; parts that define a quantity are linked to it.

function showSource(lines, links) {
  const pane = byId("source");
  const marks = new Map(); // of each quantity, the parts that define it
  const written = document.createDocumentFragment();
  for (const pieces of lines) {
    const row = make("div", "row");
    row.dataset.line = written.childElementCount + 1;
    const code = make("code");
    for (const [text, quantities] of pieces) {
      if (!quantities.length) {
        code.append(text);
        continue;
      }
      const part = make("span", "mark", text);
      links.add(part, quantities);
      part.dataset.q = quantities.at(-1); // pointing at it means the innermost
      code.append(part);
      for (const q of quantities) addTo(marks, q, part);
    }
    row.append(code);
    written.append(row);
  }
  pane.append(written);
  links.listen(pane);
  return marks;
}
