"use strict";
// What stands in the cells of the list's table: one function for each column that is more than its text.

(function () {
  const { listed } = window.campledgerData;

  /** @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {string} [name] @param {string} [text] */
  function element(tag, name, text) {
    const made = document.createElement(tag);
    if (name) made.className = name;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /** Return the functions that fill cells from the ledger's columns. */
  function cells(/** @type {Columns} */ data, /** @type {Index} */ index) {
    const final = new Set(index.final);

    /** Return what a campaign has in a column. @template {string} Key @param {Key} key @param {number} row @returns {CellOf<Key>} */
    function value(key, row) {
      const { values, codes } = data.shown(key);
      return /** @type {CellOf<Key>} */ (values[codes[row]]);
    }

    /** @type {Object<string, (cell: HTMLElement, row: number) => void>} */
    const special = {
      state(cell, row) {
        const state = value("state", row);
        const pill = element("span", `pill s-${state}`);
        pill.append(sign(), state);
        cell.append(pill);
      },
      name(cell, row) {
        cell.append(page(row, value("name", row)));
        const problems = value("problems", row);
        if (problems) cell.append(" ", element("span", "flag", `${problems} ${problems === 1 ? "problem" : "problems"}`));
        const title = value("title", row);
        if (title) cell.append(" ", titled(element("span", "title", title), title));
      },
      id(cell, row) {
        const link = page(row, value("id", row));
        link.className = "code";
        cell.append(link);
      },
      owner(cell, row) {
        people(cell, listed(value("owner", row)));
      },
      operator(cell, row) {
        people(cell, listed(value("operator", row)));
      },
      output(cell, row) {
        for (const output of listed(value("output", row))) {
          const button = element("button", "copier", "Copy");
          button.setAttribute("type", "button");
          button.setAttribute("aria-label", `Copy ${output}`);
          button.dataset.copy = output;
          const line = element("span", "copied");
          const text = titled(element("span", "u"), output);
          text.append(element("bdi", "", output));
          line.append(text, button);
          cell.append(line);
        }
      },
      step(cell, row) {
        cell.append(value("step", row) || "");
        const awaiting = value("awaiting", row);
        const failed = value("need", row) === "failed";
        if (awaiting) cell.append(" ", element("span", `flag ${failed ? "bad" : "ask"}`, `${failed ? "failed, " : ""}${awaiting} to decide`));
      },
      groups(cell, row) {
        const groups = value("groups", row);
        if (!groups) return;
        const fraction = element("span", "fraction", String(groups[0]));
        fraction.append(element("span", "of", ` of ${groups[1]}`));
        cell.append(fraction, bar(groups[1], groups[2], index.group_states));
      },
      changed(cell, row) {
        const at = value("changed", row);
        if (at) cell.append(...window.campledgerPage.moment(at));
      },
      deadline(cell, row) {
        const day = value("deadline", row);
        if (day) cell.append(...window.campledgerPage.deadline(day, !final.has(value("state", row))));
      },
      ticket(cell, row) {
        for (const key of listed(value("ticket", row))) cell.append(ticket(key), " ");
      },
      day_obs(cell, row) {
        cell.append(days(listed(value("day_obs", row))));
      },
    };

    /** @param {number} row @param {string} text */
    function page(row, text) {
      const link = element("a", "", text);
      link.href = `campaigns/${value("id", row)}.html`;
      return link;
    }

    /** @param {HTMLElement} cell @param {string[]} handles */
    function people(cell, handles) {
      handles.forEach((handle, place) => {
        cell.append(place ? ", " : "", person(handle));
      });
    }

    /** @param {string} handle */
    function person(handle) {
      if (!Object.hasOwn(index.people, handle)) return element("span", "", handle);
      const link = titled(element("a", ""), handle, nameOf(handle));
      // No handle has an = in it, and index.html is the list of all people.
      link.href = `people/${handle.toLowerCase() === "index" ? "=" : ""}${encodeURIComponent(handle)}.html`;
      return link;
    }

    /** @param {string} handle */
    function nameOf(handle) {
      return Object.hasOwn(index.people, handle) ? index.people[handle] : handle;
    }

    /** @param {string} key */
    function ticket(key) {
      const address = index.ticket ? webAddress(index.ticket.replaceAll("{key}", quoted(key))) : null;
      if (!address) return element("span", "", key);
      const link = element("a", "", key);
      link.href = address;
      link.rel = "noopener noreferrer";
      return link;
    }

    /** @param {HTMLElement} cell @param {string} key @param {number} row */
    function fill(cell, key, row) {
      if (Object.hasOwn(special, key)) {
        special[key](cell, row);
        return;
      }
      const text = listed(value(key, row)).join(", ");
      if (text) cell.append(titled(element("span", index.columns[key].code ? "code" : ""), text, text));
    }

    return { fill, value, nameOf };
  }

  function sign() {
    const made = element("span", "sign");
    made.setAttribute("aria-hidden", "true");
    return made;
  }

  /** Show the whole of what may be cut off. @template {HTMLElement} T @param {T} made @param {string} title @param {string} [text] */
  function titled(made, title, text) {
    made.title = title;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /** @param {string} key */
  function quoted(key) {
    // A lone surrogate has no bytes to quote.
    return encodeURIComponent(key.replace(/[\ud800-\udfff]/gu, "?"));
  }

  /** Return an address that a page may link to, or null. @param {string} text */
  function webAddress(text) {
    try {
      const address = new URL(text);
      return /^https?:$/.test(address.protocol) && !address.username && !address.password ? address.href : null;
    } catch {
      return null;
    }
  }

  /** @param {Values} bounds */
  function days(bounds) {
    if (!bounds.length) return "";
    const [first, last] = [bounds[0], bounds[bounds.length - 1]];
    if (first === last) return String(first);
    if (first === 0 && last === 99999999) return "";
    if (last === 99999999) return `from ${first}`;
    return first === 0 ? `until ${last}` : `${first}–${last}`;
  }

  /**
   * Draw how many groups are in which state.
   * @param {number} total @param {string} tally @param {string[]} order  all states, from left to right
   */
  function bar(total, tally, order) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    made.setAttribute("class", "bar");
    made.setAttribute("viewBox", "0 0 100 6");
    made.setAttribute("preserveAspectRatio", "none");
    made.setAttribute("aria-hidden", "true");
    const counts = new Map(tally.split(" ").map((part) => /** @type {[string, string]} */ (part.split(":"))));
    let before = 0;
    for (const state of order) {
      const count = Number(counts.get(state) || 0);
      if (!count) continue;
      const part = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      part.setAttribute("class", `g-${state}`);
      part.setAttribute("x", String((100 * before) / total));
      part.setAttribute("width", String((100 * count) / total));
      part.setAttribute("height", "6");
      made.append(part);
      before += count;
    }
    return made;
  }

  window.campledgerCells = { cells, days, element, sign };
})();
