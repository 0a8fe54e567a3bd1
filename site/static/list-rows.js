"use strict";
// The rows of a long table: only those in sight are in the page, with room above and below for the others. All rows
// have one height, and all heads of groups another; both are measured, so that any font and zoom will do.

(function () {
  const AROUND = 12;
  const MOST_PRINTED = 3000;

  /**
   * @param {HTMLTableElement} table
   * @param {HTMLElement} scroller  what scrolls, unless it is the window
   * @param {(item: number, place: number) => HTMLTableRowElement} make  makes a row; a head where item is negative
   */
  function attach(table, scroller, make) {
    const above = room();
    const body = document.createElement("tbody");
    const below = room();
    for (const old of Array.from(table.tBodies)) old.remove();
    table.append(above, body, below);

    /** @type {Int32Array} */
    let items = new Int32Array(0);
    let tops = new Float64Array(1);
    let [first, last] = [0, 0];
    /** @type {Object<string, number>} */
    const height = { row: 52, head: 36 };

    function measureTops() {
      tops = new Float64Array(items.length + 1);
      for (let place = 0; place < items.length; place += 1) {
        tops[place + 1] = tops[place] + (items[place] < 0 ? height.head : height.row);
      }
    }

    /** Return the place of the row at this distance from the first one's top. @param {number} distance */
    function placeAt(distance) {
      let [low, high] = [0, items.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (tops[middle + 1] <= distance) low = middle + 1;
        else high = middle;
      }
      return low;
    }

    /** Where the visible part begins and ends, measured from the first row's top. */
    function sight() {
      const frame = scroller.getBoundingClientRect();
      const start = above.getBoundingClientRect().top;
      const top = Math.max(frame.top, 0) - start;
      const bottom = Math.min(frame.bottom, window.innerHeight) - start;
      return [top, Math.max(top, bottom)];
    }

    function render() {
      const [top, bottom] = sight();
      place(Math.max(0, placeAt(top) - AROUND), Math.min(items.length, placeAt(bottom) + 1 + AROUND));
    }

    /** Have the rows from one place to another in the page, and leave those alone that are there. */
    function place(/** @type {number} */ from, /** @type {number} */ to) {
      if (from >= last || to <= first) {
        body.replaceChildren(...range(from, to));
      } else {
        for (; first < from; first += 1) body.firstElementChild?.remove();
        for (; last > to; last -= 1) body.lastElementChild?.remove();
        if (from < first) body.prepend(...range(from, first));
        if (to > last) body.append(...range(last, to));
      }
      [first, last] = [from, to];
      size(above, tops[first]);
      size(below, tops[items.length] - tops[last]);
    }

    /** @param {number} from @param {number} to */
    function range(from, to) {
      const made = [];
      for (let at = from; at < to; at += 1) {
        const row = make(items[at], at);
        row.setAttribute("aria-rowindex", String(at + 2)); // the head is the first
        made.push(row);
      }
      return made;
    }

    /** Measure the heights on the rows that are there; return whether they are what was thought. */
    function measure() {
      const before = `${height.row} ${height.head}`;
      for (const [kind, selector] of [["row", "tr:not(.group)"], ["head", "tr.group"]]) {
        const row = body.querySelector(`:scope > ${selector}`);
        if (!row) continue;
        const next = row.nextElementSibling;
        const own = row.getBoundingClientRect();
        const found = next ? next.getBoundingClientRect().top - own.top : own.height;
        if (found > 0) height[kind] = found;
      }
      return before === `${height.row} ${height.head}`;
    }

    function settle() {
      render();
      if (!measure()) {
        measureTops();
        render();
      }
    }

    /** Show these rows instead. @param {Int32Array} shown @param {boolean} toTop */
    function set(shown, toTop) {
      items = shown;
      measureTops();
      body.replaceChildren();
      [first, last] = [0, 0];
      table.setAttribute("aria-rowcount", String(items.length + 1));
      if (toTop) scroller.scrollTop = 0;
      settle();
    }

    /** Bring a row into sight, and return it. @param {number} at */
    function reveal(at) {
      if (at < first || at >= last) {
        const [top, bottom] = sight();
        const goal = tops[at] - (bottom - top) / 3 - top;
        if (scroller.scrollHeight > scroller.clientHeight + 1) scroller.scrollTop += goal;
        else window.scrollBy(0, goal);
        render();
      }
      return /** @type {HTMLElement} */ (body.children[at - first]);
    }

    /** @param {Element} row */
    const placeOf = (row) => first + Array.prototype.indexOf.call(body.children, row);

    document.addEventListener("scroll", render, { capture: true, passive: true });
    window.addEventListener("resize", settle);
    new ResizeObserver(() => requestAnimationFrame(settle)).observe(scroller);
    window.addEventListener("beforeprint", () => place(0, Math.min(items.length, MOST_PRINTED)));
    window.addEventListener("afterprint", render);

    return { set, reveal, placeOf, body, length: () => items.length };
  }

  function room() {
    const body = document.createElement("tbody");
    const row = document.createElement("tr");
    const cell = document.createElement("td");
    cell.className = "gap";
    body.className = "room";
    body.setAttribute("aria-hidden", "true");
    row.append(cell);
    body.append(row);
    return body;
  }

  /** Never hidden, even where there is no room: it says where the rows begin. @param {HTMLTableSectionElement} body @param {number} height */
  function size(body, height) {
    body.rows[0].cells[0].style.height = `${height}px`;
  }

  window.campledgerRows = { attach };
})();
