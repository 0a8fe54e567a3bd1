"use strict";
// The list of all campaigns as a table that filters, sorts and groups. What is chosen stands in the address's fragment,
// so that Back, bookmarks and shared links work:
// #q=EXPRESSION&sort=-changed,name&group=kind&columns=state,name&folded=other

/** @typedef {{q: string, sort: Key[], group: string, columns: string[], folded: string[]}} View */

(function () {
  const table = /** @type {HTMLTableElement} */ (document.getElementById("campaigns"));
  if (!table || !window.campledgerIndex) {
    return;
  }
  const index = window.campledgerIndex;
  const { listed } = window.campledgerData;
  const { cells, days, element, sign } = window.campledgerCells;
  const data = window.campledgerData.open(index);
  const { fill, value, nameOf } = cells(data, index);
  const MOST_FACETS = 100;
  const ME = "campledger.me";

  const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const input = /** @type {HTMLInputElement} */ (byId("filter"));
  const scroller = /** @type {HTMLElement} */ (table.parentElement);
  const head = table.rows[0];
  const language = { ...index.language, me: remembered() };

  /** @type {View} */
  let view = read();
  /** @type {{terms: Term[], found: Uint8Array, rows: Uint32Array, heads: Array<{name: string, count: number}>}} */
  let result = { terms: [], found: new Uint8Array(0), rows: new Uint32Array(0), heads: [] };
  let typing = false;

  const rows = window.campledgerRows.attach(table, scroller, (item) => (item < 0 ? groupRow(~item) : row(item)));

  // What is chosen, and the address.

  /** @returns {View} */
  function read() {
    const parameters = new URLSearchParams(location.hash.slice(1));
    const words = (/** @type {string} */ name) => (parameters.get(name) || "").split(",").filter(Boolean);
    const columns = words("columns").filter((key) => Object.hasOwn(index.columns, key));
    // One of these two leads to the campaign.
    if (columns.length && !columns.includes("name") && !columns.includes("id")) columns.unshift("name");
    const group = parameters.get("group") || "";
    const states = words("state");
    return {
      q: [parameters.get("q") || "", states.length ? `state:${states.join(",")}` : ""].filter(Boolean).join(" "),
      sort: words("sort").map(key).filter((one) => data.isColumn(one.key)),
      group: data.isColumn(group) ? group : "",
      columns: columns.length ? Array.from(new Set(columns)) : index.usual,
      folded: parameters.getAll("folded"),
    };
  }

  /** @param {string} word */
  function key(word) {
    return { key: word.replace(/^-/, ""), down: word.startsWith("-") };
  }

  /** @param {Key} one */
  function word(one) {
    return `${one.down ? "-" : ""}${one.key}`;
  }

  function address() {
    /** @type {string[]} */
    const parts = [];
    const add = (/** @type {string} */ name, /** @type {string} */ text) => {
      if (text) parts.push(`${name}=${encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%3A", ":")}`);
    };
    add("q", view.q.replace(/[\ud800-\udfff]/gu, ""));
    add("sort", view.sort.map(word).join(","));
    add("group", view.group);
    add("columns", view.columns.join() === index.usual.join() ? "" : view.columns.join());
    for (const name of view.folded) add("folded", name);
    return parts.length ? `#${parts.join("&")}` : location.pathname + location.search;
  }

  /** Choose anew; `step` makes it an entry that Back returns from. @param {Partial<View>} changes @param {boolean} step */
  function choose(changes, step) {
    keepPlace();
    view = { ...view, ...changes };
    history[step ? "pushState" : "replaceState"](null, "", address());
    show(true);
  }

  function keepPlace() {
    history.replaceState({ top: scroller.scrollTop }, "");
  }

  function follow() {
    view = read();
    typing = false;
    if (input.value !== view.q) input.value = view.q;
    show(true);
    scroller.scrollTop = (history.state && history.state.top) || 0;
  }

  // Who asks.

  function remembered() {
    try {
      const me = localStorage.getItem(ME) || "";
      return Object.hasOwn(index.people, me) ? me : ""; // it may be somebody of another ledger on the same host
    } catch {
      return ""; // a browser may refuse to remember anything
    }
  }

  function chooseMe() {
    const select = /** @type {HTMLSelectElement} */ (byId("me"));
    language.me = select.value;
    try {
      localStorage.setItem(ME, select.value);
    } catch {
      // It holds until the page is left.
    }
    show(true);
  }

  // Finding and showing.

  /** @type {string[]|null} */
  let texts = null;
  let asked = false;

  /** Have the texts for bare words read, once. */
  function readTexts() {
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = "list-texts.js";
    script.addEventListener("load", () => {
      texts = JSON.parse(/** @type {string} */ (window.campledgerTexts));
      delete window.campledgerTexts;
      if (result.terms.some((term) => term.key === "text")) show(false);
    });
    script.addEventListener("error", () => fail("The texts of the campaigns cannot be loaded: searches for words find nothing."));
    document.head.append(script);
  }

  /** @param {string} message */
  function fail(message) {
    byId("filter-error").textContent = message;
    byId("filter-error").hidden = false;
  }

  function understand() {
    byId("filter-error").hidden = true;
    byId("who").hidden = !/(^|[\s,:=])me([\s,]|$)/i.test(view.q);
    try {
      return window.campledgerQuery.parse(view.q, language);
    } catch (trouble) {
      const { message, unknownMe } = /** @type {Error & {unknownMe?: boolean}} */ (trouble);
      const advice = unknownMe ? "Choose who you are, or write a handle." : "";
      fail(`${message} ${advice} The filter is ignored for now.`.replace(/ {2,}/g, " "));
      return [];
    }
  }

  /** @param {boolean} toTop */
  function show(toTop) {
    const terms = understand();
    const textual = terms.some((term) => term.key === "text");
    if (textual) readTexts();
    const found = data.find(terms, texts);
    const sort = view.group ? [groupKey(), ...view.sort.filter((one) => one.key !== view.group)] : view.sort;
    result = { terms, found, rows: data.order(found, sort), heads: [] };
    if (toTop) heads();
    rows.set(view.group ? grouped() : Int32Array.from(result.rows), toTop);
    mark(textual && !texts);
  }

  function groupKey() {
    return view.sort.find((one) => one.key === view.group) || { key: view.group, down: false };
  }

  /** Put heads, as negative numbers, before the campaigns of each value; a folded value has its head alone. */
  function grouped() {
    const column = data.shown(view.group);
    const folded = new Set(view.folded);
    const items = new Int32Array(result.rows.length * 2);
    let length = 0;
    let before = -1;
    let open = true;
    for (const row of result.rows) {
      const code = column.codes[row];
      if (code !== before) {
        const name = textOf(view.group, column.values[code]);
        open = !folded.has(name);
        items[length] = ~result.heads.length;
        length += 1;
        result.heads.push({ name, count: 0 });
        before = code;
      }
      result.heads[result.heads.length - 1].count += 1;
      if (open) {
        items[length] = row;
        length += 1;
      }
    }
    return items.subarray(0, length);
  }

  /** @param {string} key @param {Cell} value */
  function textOf(key, value) {
    if (key === "groups") return Array.isArray(value) ? `${value[0]}/${value[1]}` : "";
    if (key === "day_obs") return days(listed(value));
    return listed(value).join(", ");
  }

  /** @param {number} number */
  function row(number) {
    const made = document.createElement("tr");
    made.dataset.id = value("id", number);
    for (const name of view.columns) {
      const cell = document.createElement(name === "name" ? "th" : "td");
      cell.className = `c-${name}`;
      if (name === "name") cell.setAttribute("scope", "row");
      else cell.dataset.label = index.columns[name].label;
      const box = element("div", "box");
      fill(box, name, number);
      cell.append(box);
      made.append(cell);
    }
    return made;
  }

  /** @param {number} number */
  function groupRow(number) {
    const { name, count } = result.heads[number];
    const made = document.createElement("tr");
    const cell = document.createElement("th");
    const person = view.group === "owner" || view.group === "operator";
    const shown = person ? name.split(", ").map(nameOf).join(", ") : name;
    const button = element("button", "fold", shown || "none");
    made.className = "group";
    cell.colSpan = view.columns.length;
    cell.scope = "rowgroup";
    button.setAttribute("type", "button");
    button.setAttribute("aria-expanded", String(!view.folded.includes(name)));
    button.dataset.fold = name;
    cell.append(button, " ", element("span", "n", counted(count)));
    made.append(cell);
    return made;
  }

  function heads() {
    const primary = view.sort[0];
    const made = view.columns.map((name) => {
      const cell = document.createElement("th");
      const place = view.sort.findIndex((one) => one.key === name);
      const button = element("button", "", index.columns[name].label);
      cell.scope = "col";
      cell.className = `c-${name}`;
      cell.dataset.key = name;
      button.setAttribute("type", "button");
      button.title = "Sort by this column; with Shift, sort by it too";
      if (place >= 0) {
        cell.classList.add(view.sort[place].down ? "down" : "up");
        if (view.sort.length > 1) button.append(element("span", "rank", String(place + 1)));
      }
      if (primary && primary.key === name) cell.setAttribute("aria-sort", primary.down ? "descending" : "ascending");
      cell.append(button);
      return cell;
    });
    const focused = focusedIn(head)?.closest("th")?.dataset.key;
    head.replaceChildren(...made);
    const again = made.find((cell) => focused && cell.dataset.key === focused);
    again?.querySelector("button")?.focus();
  }

  /** Return what has the focus, if it is in here. @param {Element} place */
  function focusedIn(place) {
    const one = document.activeElement;
    return place.contains(one) ? one : null;
  }

  /** @param {number} number */
  function counted(number) {
    return `${number.toLocaleString("en")} ${number === 1 ? "campaign" : "campaigns"}`;
  }

  /** Bring everything around the rows in line with them. @param {boolean} reading */
  function mark(reading) {
    const shown = result.rows.length;
    const all = counted(data.count);
    byId("count").textContent = reading ? "Loading texts…" : shown === data.count ? all : `${shown.toLocaleString("en")} of ${all}`;
    byId("nothing").hidden = shown > 0 || reading;
    byId("nothing-hint").textContent = shown > 0 ? "" : hint();
    scroller.hidden = shown === 0;
    byId("clear").hidden = !view.q;
    input.setAttribute("aria-invalid", String(!byId("filter-error").hidden));
    const states = data.tally(others("state"), "state");
    /** @type {NodeListOf<HTMLElement>} */
    const buttons = byId("states").querySelectorAll(".chip");
    for (const chip of buttons) {
      const state = chip.dataset.state || "";
      const number = chip.querySelector(".n");
      const count = states.get(state) || 0;
      chip.setAttribute("aria-pressed", String(chosen("state").includes(state)));
      if (number) number.textContent = count.toLocaleString("en");
      chip.classList.toggle("zero", count === 0);
    }
    markTerms();
    /** @type {NodeListOf<HTMLDetailsElement>} */
    const details = document.querySelectorAll("details.menu");
    for (const one of details) {
      const key = one.dataset.facet;
      if (key) one.classList.toggle("on", chosen(key).length > 0);
      if (one.open) fillMenu(one);
    }
  }

  /** Say which word nothing at all has, and what it may have been meant to be. */
  function hint() {
    for (const term of result.terms) {
      if (term.key === "text" || term.key === "day_obs" || term.op !== ":" || term.negated) continue;
      const known = new Set(data.fact(term.key).values.flatMap(listed).map((one) => String(one).toLowerCase()));
      const slip = term.values.find((one) => !known.has(one));
      if (slip === undefined) continue;
      const close = window.campledgerQuery.near(slip, Array.from(known).slice(0, 5000));
      return `No campaign has the ${term.key} “${slip}”${close ? `; did you mean “${close}”?` : "."}`;
    }
    return "";
  }

  function markTerms() {
    const words = result.terms.filter((term, place, all) => !place || all[place - 1].start !== term.start);
    const made = words.map((term) => {
      const text = view.q.slice(term.start, term.end);
      const button = element("button", "chip term", text);
      button.setAttribute("type", "button");
      button.setAttribute("aria-label", `Remove ${text} from the filter`);
      button.append(element("span", "cross", "×"));
      button.addEventListener("click", () => without(term));
      return button;
    });
    byId("terms").replaceChildren(...made);
    byId("terms").hidden = made.length === 0;
  }

  /** @param {Term} term */
  function without(term) {
    replaceTerm(term, "");
    input.focus();
  }

  // Facets: what is ticked stands in the expression.

  /** The campaigns that satisfy everything but what is chosen of this attribute. @param {string} key */
  function others(key) {
    const terms = result.terms.filter((term) => !isChoice(term, key));
    return terms.length === result.terms.length ? result.found : data.find(terms, texts);
  }

  /** @param {Term} term @param {string} key */
  function isChoice(term, key) {
    return term.key === key && term.op === ":" && !term.negated && !term.saved;
  }

  /** The values of an attribute that are asked for. @param {string} key */
  function chosen(key) {
    return result.terms.filter((term) => isChoice(term, key)).flatMap((term) => term.values);
  }

  /** Ask for a value of an attribute, or no longer. @param {string} key @param {string|number} value */
  function toggle(key, value) {
    const sought = String(value).toLowerCase();
    const term = result.terms.find((one) => isChoice(one, key));
    if (!term) {
      setExpression(`${view.q.trimEnd()} ${key}:${window.campledgerQuery.quoted(value)}`.trimStart());
      return;
    }
    const raw = view.q.slice(term.start, term.end).replace(/^[^:=]*[:=]/, "").split(",");
    const kept = raw.filter((_, place) => term.values[place] !== sought);
    if (kept.length === raw.length) kept.push(window.campledgerQuery.quoted(value));
    replaceTerm(term, kept.length ? `${key}:${kept.join(",")}` : "");
  }

  /** @param {Term} term @param {string} text */
  function replaceTerm(term, text) {
    const parts = [view.q.slice(0, term.start).trim(), text, view.q.slice(term.end).trim()];
    setExpression(parts.filter(Boolean).join(" "));
  }

  /** @param {string} q */
  function setExpression(q) {
    typing = false;
    input.value = q;
    choose({ q }, true);
  }

  // Menus.

  function menus() {
    const line = byId("facets");
    for (const [key, label] of Object.entries(index.facets)) {
      if (data.fact(key).values.length > 1) line.append(menu(key, label, key));
    }
    byId("tools").prepend(menu("columns", "Columns", ""), menu("order", "Group, sort", ""));
  }

  /** @param {string} name @param {string} label @param {string} facet */
  function menu(name, label, facet) {
    const made = element("details", "menu");
    made.id = `menu-${name}`;
    made.dataset.facet = facet;
    made.name = "menu";
    made.append(element("summary", "chip", label), element("div", "sheet"));
    made.addEventListener("toggle", () => {
      if (made.open) fillMenu(made);
    });
    return made;
  }

  /** @param {HTMLDetailsElement} made */
  function fillMenu(made) {
    const sheet = /** @type {HTMLElement} */ (made.lastElementChild);
    const focused = focusedIn(sheet)?.id;
    if (made.dataset.facet) sheet.replaceChildren(...facet(made.dataset.facet));
    else if (made.id === "menu-columns") sheet.replaceChildren(...columnChoice());
    else sheet.replaceChildren(...orderChoice());
    const again = focused && document.getElementById(focused);
    if (again) again.focus();
  }

  /** @param {string} key */
  function facet(key) {
    const asked = chosen(key);
    const entries = Array.from(data.tally(others(key), key));
    const isAsked = (/** @type {string|number} */ one) => asked.includes(String(one).toLowerCase());
    const some = entries.filter(([one, count]) => count > 0 || isAsked(one));
    // What is ticked comes first, then what is had by most.
    some.sort((a, b) => Number(isAsked(b[0])) - Number(isAsked(a[0])) || b[1] - a[1]);
    /** @type {HTMLElement[]} */
    const made = some.slice(0, MOST_FACETS).map(([one, count], place) => {
      const text = key === "owner" || key === "operator" ? nameOf(String(one)) : String(one);
      const box = tick(`facet-${key}-${place}`, text, isAsked(one), isUnwritable(one), () => toggle(key, one));
      box.append(element("span", "n", count.toLocaleString("en")));
      return box;
    });
    if (some.length > MOST_FACETS) {
      made.push(element("p", "muted", `${some.length - MOST_FACETS} more: type ${key}: in the filter`));
    }
    return made.length ? made : [element("p", "muted", "none")];
  }

  /** Whether the language has no way to write a value. @param {string|number} one */
  function isUnwritable(one) {
    return String(one).includes('"');
  }

  /** @param {string} id @param {string} text @param {boolean} on @param {boolean} fixed @param {() => void} change */
  function tick(id, text, on, fixed, change) {
    const label = element("label", "tick");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.id = id;
    box.checked = on;
    box.disabled = fixed;
    box.addEventListener("change", change);
    label.append(box, element("span", "u", text));
    return label;
  }

  function columnChoice() {
    const made = Object.keys(index.columns).map((name) => {
      const fixed = name === "name"; // it leads to the campaign
      return tick(`column-${name}`, index.columns[name].label, view.columns.includes(name), fixed, () => toggleColumn(name));
    });
    const reset = element("button", "quiet", "default columns");
    reset.id = "column-reset";
    reset.setAttribute("type", "button");
    reset.addEventListener("click", () => choose({ columns: index.usual }, true));
    return [...made, reset];
  }

  /** @param {string} name */
  function toggleColumn(name) {
    const order = Object.keys(index.columns);
    const kept = view.columns.filter((one) => one !== name);
    if (kept.length === view.columns.length) {
      const after = kept.findIndex((one) => order.indexOf(one) > order.indexOf(name));
      kept.splice(after < 0 ? kept.length : after, 0, name);
    }
    choose({ columns: kept }, true);
  }

  function orderChoice() {
    const group = select("group-by", "Group by", [["", "nothing"], ...index.grouped_by.map(pair)], view.group, (name) => {
      choose({ group: name, folded: [] }, true);
    });
    const names = Object.keys(index.columns);
    const options = [["", "nothing"], ...names.flatMap((name) => [[name, `${index.columns[name].label} ↑`], [`-${name}`, `${index.columns[name].label} ↓`]])];
    const keys = [0, 1, 2].map((place) => {
      const now = view.sort[place] ? word(view.sort[place]) : "";
      return select(`sort-${place}`, place ? "then by" : "Sort by", options, now, () => choose({ sort: selectedSort() }, true));
    });
    return [group, ...keys];
  }

  /** @param {string} name */
  function pair(name) {
    return [name, index.columns[name].label];
  }

  function selectedSort() {
    const words = [0, 1, 2].map((place) => /** @type {HTMLSelectElement} */ (byId(`sort-${place}`)).value);
    const keys = words.filter(Boolean).map(key);
    return keys.filter((one, place) => keys.findIndex((other) => other.key === one.key) === place);
  }

  /**
   * @param {string} id @param {string} text @param {string[][]} options @param {string} chosenValue
   * @param {(chosenValue: string) => void} change
   */
  function select(id, text, options, chosenValue, change) {
    const label = element("label", "pick", text);
    const made = document.createElement("select");
    made.id = id;
    made.append(...options.map(([name, shown]) => new Option(shown, name, false, name === chosenValue)));
    made.addEventListener("change", () => change(made.value));
    label.append(made);
    return label;
  }

  // Export.

  /**
   * What is shown, each campaign as its columns, in the form of `campledger list --json`.
   * @returns {Object<string, Cell>[]}
   */
  function records() {
    return Array.from(result.rows, (number) => Object.fromEntries(view.columns.map((name) => {
      const found = value(name, number);
      if (name === "groups") return [name, Array.isArray(found) ? found.slice(0, 2) : [0, 0]];
      if (name === "awaiting" || name === "problems") return [name, found || 0];
      return [name, index.columns[name].single ? found : listed(found)];
    })));
  }

  function csv() {
    const line = (/** @type {string[]} */ words) => words.map(csvCell).join(",");
    const made = records().map((record) => line(view.columns.map((name) => (
      listed(record[name]).join(name === "groups" ? "/" : ",")
    ))));
    return `${[line(view.columns), ...made].join("\n")}\n`;
  }

  /** @param {string} text */
  function csvCell(text) {
    // A spreadsheet runs a cell that begins like a formula; a quote in front makes it text.
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  /** @param {string} name @param {string} type @param {string} text */
  function download(name, type, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // What people do.

  /** Sort by a column, then turn it round, then no longer; with shift, beside the others. */
  function sortBy(/** @type {string} */ name, /** @type {boolean} */ beside) {
    const old = view.sort.find((one) => one.key === name);
    const first = index.columns[name].down;
    const next = !old ? [{ key: name, down: first }] : old.down === first ? [{ key: name, down: !first }] : [];
    if (!beside) {
      choose({ sort: next }, true);
    } else if (old) {
      choose({ sort: view.sort.flatMap((one) => (one === old ? next : [one])) }, true);
    } else {
      choose({ sort: [...view.sort, ...next] }, true);
    }
  }

  /** @param {string} name */
  function fold(name) {
    const folded = view.folded.includes(name) ? view.folded.filter((one) => one !== name) : [...view.folded, name];
    const top = scroller.scrollTop;
    choose({ folded }, true);
    scroller.scrollTop = top;
    /** @type {NodeListOf<HTMLElement>} */
    const buttons = rows.body.querySelectorAll("button.fold");
    Array.from(buttons).find((one) => one.dataset.fold === name)?.focus();
  }

  function clear() {
    setExpression("");
    input.focus();
  }

  async function copy(/** @type {HTMLElement} */ button) {
    await window.campledgerPage.copy(button.dataset.copy || "");
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  /** Go up and down the campaigns with the arrow keys, from wherever in a row. @param {KeyboardEvent} event */
  function walk(event) {
    const own = /** @type {Element} */ (event.target).closest("tr");
    /** @type {Object<string, number>} */
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
    if (!own || !(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    const goal = Math.max(0, Math.min(rows.length() - 1, rows.placeOf(own) + steps[event.key]));
    const next = rows.reveal(goal).querySelector("th a, th button");
    event.preventDefault();
    if (next) /** @type {HTMLElement} */ (next).focus();
  }

  /** @param {KeyboardEvent} event */
  function shortcut(event) {
    const open = /** @type {HTMLDetailsElement|null} */ (document.querySelector("details.menu[open]"));
    if (event.key === "Escape" && open) {
      open.open = false;
      open.querySelector("summary")?.focus();
      return;
    }
    const typed = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement ? document.activeElement.tagName : "");
    if (event.key === "/" && !typed && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
  }

  /** Values of an attribute for completion, in their order, with how many of the campaigns found so far have each. */
  function valuesOf(/** @type {string} */ key) {
    const people = key === "owner" || key === "operator";
    const counts = data.tally(others(key), key);
    const some = Array.from(counts, ([one, count]) => ({ value: one, count, name: people ? nameOf(String(one)) : "" }));
    const known = some.filter((one) => !isUnwritable(one.value));
    return people ? [{ value: "me", count: counts.get(language.me) || 0, name: language.me ? nameOf(language.me) : "you" }, ...known] : known;
  }

  function explain() {
    for (const [name, meaning] of Object.entries(language.attributes)) {
      const entry = document.createElement("div");
      entry.append(element("dt", "", name), element("dd", "", meaning));
      byId("attributes").append(entry);
    }
    const people = Object.entries(index.people).sort((a, b) => a[1].localeCompare(b[1]));
    const select = byId("me");
    select.append(new Option("not chosen", ""), ...people.map(([handle, name]) => new Option(name, handle)));
    /** @type {HTMLSelectElement} */ (select).value = language.me;
    select.addEventListener("change", chooseMe);
  }

  function chips() {
    byId("states").append(...language.choices.state.map((state) => {
      const made = element("button", `chip s-${state}`);
      made.setAttribute("type", "button");
      made.dataset.state = state;
      made.append(sign(), state, " ", element("span", "n"));
      made.addEventListener("click", () => toggle("state", state));
      return made;
    }));
  }

  function listen() {
    input.addEventListener("input", () => {
      choose({ q: input.value }, !typing);
      typing = true;
    });
    input.addEventListener("change", () => { typing = false; });
    head.addEventListener("click", (event) => {
      const pressed = /** @type {Element} */ (event.target);
      const name = pressed.closest("th")?.dataset.key;
      if (name && pressed.closest("button")) sortBy(name, event.shiftKey);
    });
    rows.body.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("button");
      if (button && button.dataset.copy !== undefined) copy(button);
      if (button && button.dataset.fold !== undefined) fold(button.dataset.fold);
    });
    rows.body.addEventListener("keydown", walk);
    byId("clear").addEventListener("click", clear);
    byId("clear-all").addEventListener("click", clear);
    byId("export-csv").addEventListener("click", () => download("campaigns.csv", "text/csv", csv()));
    byId("export-json").addEventListener("click", () => {
      download("campaigns.json", "application/json", `${JSON.stringify(records(), null, 2)}\n`);
    });
    document.addEventListener("keydown", shortcut);
    document.addEventListener("pointerdown", (event) => {
      for (const open of document.querySelectorAll("details.menu[open]")) {
        if (!open.contains(/** @type {Node} */ (event.target))) /** @type {HTMLDetailsElement} */ (open).open = false;
      }
    });
    window.addEventListener("popstate", follow);
    window.addEventListener("hashchange", follow);
    window.addEventListener("pagehide", keepPlace);
  }

  chips();
  menus();
  explain();
  listen();
  // After the filter's own listener: completions count what is found by then.
  window.campledgerCompletion.attach(input, byId("suggestions"), (before) => (
    window.campledgerCompletion.suggest(before, language.attributes, valuesOf, language.choices)
  ));
  table.classList.add("live");
  for (const pager of document.querySelectorAll(".pager")) pager.remove();
  byId("controls").hidden = false;
  follow();
  setTimeout(readTexts, 500);
  performance.mark("campledger-list");
})();
