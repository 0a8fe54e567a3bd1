"use strict";
// Filters and sorts the rows of the list. What is chosen stands in the address's fragment, so that Back, bookmarks
// and shared links work: #q=EXPRESSION&state=running,paused&sort=-last

(function () {
  const table = document.getElementById("campaigns");
  if (!table || !window.campledgerFacts) {
    return;
  }
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const { facts, attributes, numbers } = window.campledgerFacts;
  const input = /** @type {HTMLInputElement} */ (document.getElementById("filter"));
  const chips = Array.from(document.querySelectorAll(".chip"));
  const headers = Array.from(table.tHead.rows[0].cells);
  const error = document.getElementById("filter-error");
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const descendingFirst = new Set(["groups", "last"]);

  /** @type {{q: string, states: Set<string>, sort: string}} */
  let view = read();
  let sorted = "";

  function read() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const states = (parameters.get("state") || "").split(",").filter(Boolean);
    return { q: parameters.get("q") || "", states: new Set(states), sort: parameters.get("sort") || "" };
  }

  /** Put what is chosen into the address; `step` makes it an entry that Back returns from. */
  function remember(step) {
    const parts = [];
    if (view.q) parts.push(`q=${encodeURIComponent(view.q)}`);
    if (view.states.size) parts.push(`state=${Array.from(view.states, encodeURIComponent).join(",")}`);
    if (view.sort) parts.push(`sort=${encodeURIComponent(view.sort)}`);
    const target = parts.length ? `#${parts.join("&")}` : location.pathname + location.search;
    history[step ? "pushState" : "replaceState"](null, "", target);
  }

  function show() {
    let terms = [];
    error.hidden = true;
    try {
      terms = window.campledgerQuery.parse(view.q, attributes, numbers);
    } catch (trouble) {
      error.textContent = `${trouble.message} The filter is ignored until then.`;
      error.hidden = false;
    }
    const tally = {};
    let shown = 0;
    for (const row of rows) {
      const known = facts[row.dataset.id];
      const found = window.campledgerQuery.matches(terms, known);
      const state = known.state[0];
      tally[state] = (tally[state] || 0) + (found ? 1 : 0);
      row.hidden = !(found && (view.states.size === 0 || view.states.has(state)));
      shown += row.hidden ? 0 : 1;
    }
    sort();
    mark(tally, shown);
  }

  function mark(tally, shown) {
    for (const chip of chips) {
      const state = chip.dataset.state;
      chip.setAttribute("aria-pressed", String(view.states.has(state)));
      chip.querySelector(".n").textContent = String(tally[state] || 0);
      chip.classList.toggle("zero", !tally[state]);
    }
    const filtered = Boolean(view.q) || view.states.size > 0;
    const noun = rows.length === 1 ? "campaign" : "campaigns";
    document.getElementById("count").textContent = filtered ? `${shown} of ${rows.length} ${noun}` : `${rows.length} ${noun}`;
    document.getElementById("nothing").hidden = shown > 0;
    table.parentElement.hidden = shown === 0;
    document.getElementById("clear").hidden = !filtered;
    input.setAttribute("aria-invalid", String(!error.hidden));
  }

  /** @param {HTMLTableCellElement} cell */
  function value(cell) {
    return cell.dataset.sort !== undefined ? cell.dataset.sort : cell.textContent.trim();
  }

  function sort() {
    const key = view.sort.replace(/^-/, "");
    const column = headers.findIndex((header) => header.dataset.key === key);
    const direction = view.sort.startsWith("-") ? -1 : 1;
    headers.forEach((header, number) => {
      header.setAttribute("aria-sort", number === column ? (direction > 0 ? "ascending" : "descending") : "none");
    });
    if (sorted === view.sort) {
      return;
    }
    sorted = view.sort;
    const keyed = rows.map((row, number) => ({ row, number, key: column < 0 ? "" : value(row.cells[column]) }));
    keyed.sort((a, b) => {
      // Empty cells come last in both directions, and equal ones keep the ledger's order, newest first.
      if (!a.key !== !b.key) return a.key ? -1 : 1;
      return direction * collator.compare(a.key, b.key) || a.number - b.number;
    });
    body.append(...keyed.map((entry) => entry.row));
  }

  function change(changes, step) {
    view = { ...view, ...changes };
    remember(step);
    show();
  }

  function clear() {
    input.value = "";
    change({ q: "", states: new Set() }, true);
    input.focus();
  }

  function follow() {
    view = read();
    input.value = view.q;
    show();
  }

  function buttons() {
    for (const header of headers) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      header.replaceChildren(button);
      button.addEventListener("click", () => {
        const key = header.dataset.key;
        const first = descendingFirst.has(key) ? `-${key}` : key;
        const second = descendingFirst.has(key) ? key : `-${key}`;
        change({ sort: view.sort === first ? second : view.sort === second ? "" : first }, true);
      });
    }
  }

  function explain() {
    const list = document.getElementById("attributes");
    for (const [name, meaning] of Object.entries(attributes)) {
      const entry = document.createElement("div");
      const term = document.createElement("dt");
      const words = document.createElement("dd");
      term.textContent = name;
      words.textContent = meaning;
      entry.append(term, words);
      list.append(entry);
    }
  }

  input.addEventListener("input", () => change({ q: input.value }, false));
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      const states = new Set(view.states);
      if (!states.delete(chip.dataset.state)) states.add(chip.dataset.state);
      change({ states }, true);
    });
  }
  document.getElementById("clear").addEventListener("click", clear);
  document.getElementById("clear-all").addEventListener("click", clear);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement ? document.activeElement.tagName : "");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
  });
  window.addEventListener("popstate", follow);
  window.addEventListener("hashchange", follow);
  buttons();
  explain();
  document.getElementById("controls").hidden = false;
  follow();
})();
