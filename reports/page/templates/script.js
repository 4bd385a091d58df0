"use strict";
const titles = []; // the heads of columns with their buttons

// Sorts and filters the tables, and chooses their columns. Without this script the page shows everything.
for (const form of document.querySelectorAll("form.controls")) {
  const table = document.getElementById(form.dataset.table);
  const said = document.getElementById("said");
  const heads = [...table.tHead.rows[0].cells];
  const bodies = [...table.tBodies];
  const rows = bodies.flatMap((body) => [...body.rows]);
  rows.forEach((row, place) => { row.place = place; });

  const key = (row, column) => {
    const cell = row.cells[column];
    if (heads[column].className !== "number") return cell.textContent;
    return "value" in cell.dataset ? Number(cell.dataset.value) : NaN;
  };
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b, "en", { numeric: true }) : a - b);

  // Rows without a value stay last in both directions; the third press returns to the order of the run.
  const sort = (column) => {
    const now = heads[column].getAttribute("aria-sort");
    const next = now === "ascending" ? "descending" : now === "descending" ? "none" : "ascending";
    for (const head of heads) head.removeAttribute("aria-sort");
    if (next !== "none") heads[column].setAttribute("aria-sort", next);
    for (const body of bodies) {
      const order = [...body.rows].sort((a, b) => {
        if (next === "none") return a.place - b.place;
        const [x, y] = [key(a, column), key(b, column)];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.place - b.place;
        return (next === "ascending" ? compare(x, y) : compare(y, x)) || a.place - b.place;
      });
      body.append(...order);
    }
    const title = heads[column].textContent;
    said.textContent = next === "none" ? "In the order of the run." : `Sorted by ${title}, ${next}.`;
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(column));
    head.append(button);
    titles.push([head, button]);
  });

  form.querySelector("input[type=search]").addEventListener("input", (event) => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      const text = `${row.textContent} ${row.dataset.words}`.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    said.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows.`;
  });

  form.addEventListener("change", (event) => {
    if (event.target.type !== "checkbox") return;
    for (const row of [table.tHead.rows[0], ...rows]) row.cells[event.target.value].hidden = !event.target.checked;
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("keydown", (event) => {
    const choice = form.querySelector("details");
    if (event.key === "Escape" && choice.open) {
      choice.open = false;
      choice.firstElementChild.focus();
    }
  });
  form.hidden = false;
}

// Print shows what is folded away, and the titles of columns without buttons: a browser does not repeat buttons on
// each sheet.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open]):not(.choice)")];
  for (const part of folded) part.open = true;
  for (const [head, button] of titles) head.replaceChildren(...button.childNodes);
});
addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
  for (const [head, button] of titles) {
    button.append(...head.childNodes);
    head.append(button);
  }
});
