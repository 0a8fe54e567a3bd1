"use strict";
// The list's columns, as list-index.js has them (campledger/pages/content/list_index.py says how): which campaigns an expression
// finds, in which order they come, and how many have which value. Knows nothing of the page.

/** @typedef {{values: Cell[], codes: Uint8Array|Uint16Array|Uint32Array}} Column
    Distinct values in their order, and for each campaign the number of its own. */
/** @typedef {{key: string, down: boolean}} Key  A column to sort by. */

(function () {
  const BASE = 92;
  const FIRST = 35;

  /** @param {Index} index @returns {Columns} */
  function open(index) {
    const count = index.count;
    /** @type {Map<string, Column>} */
    const read = new Map();

    /** Return a column; each is read when it is first asked for. @param {"facts"|"shown"} kind @param {string} key */
    function column(kind, key) {
      const name = `${kind}.${key}`;
      const known = read.get(name);
      if (known) return known;
      const { codes, width, values: json } = index[kind][key];
      /** @type {Cell[]} */
      const values = JSON.parse(json);
      const made = { values, codes: unpacked(codes, width, count, values.length) };
      read.set(name, made);
      return made;
    }

    /** What the language calls by this name. @param {string} key */
    const fact = (key) => column("facts", key);

    /** What the table shows below this name. @param {string} key */
    function shown(key) {
      if (Object.hasOwn(index.shown, key)) return column("shown", key);
      return fact(key === "steps" ? "step" : key);
    }

    /** @param {string} key */
    const isColumn = (key) => key === "steps" || Object.hasOwn(index.shown, key) || Object.hasOwn(index.facts, key);

    /**
     * Mark the campaigns that satisfy all terms with 1, the others with 0.
     * @param {Term[]} terms
     * @param {string[]|null} texts  what bare words are looked for in, once it is here
     */
    function find(terms, texts) {
      const found = new Uint8Array(count).fill(1);
      for (const term of terms) {
        if (term.key === "text") {
          if (texts) keepTexts(found, term, texts);
        } else {
          keep(found, fact(term.key), term);
        }
      }
      return found;
    }

    /** Return the numbers of the marked campaigns in order. @param {Uint8Array} found @param {Key[]} keys */
    function order(found, keys) {
      let rows = marked(found);
      for (const { key, down } of keys.slice().reverse()) rows = sorted(rows, shown(key), down);
      return rows;
    }

    /** Count the marked campaigns by each single value. @param {Uint8Array} found @param {string} key */
    function tally(found, key) {
      const { values, codes } = fact(key);
      const counts = new Uint32Array(values.length);
      for (let row = 0; row < count; row += 1) counts[codes[row]] += found[row];
      /** @type {Map<string|number, number>} */
      const result = new Map();
      values.forEach((value, code) => {
        for (const one of listed(value)) result.set(one, (result.get(one) || 0) + counts[code]);
      });
      return result;
    }

    return { count, fact, shown, isColumn, find, order, tally };
  }

  /** @param {string} codes @param {number} width @param {number} count @param {number} size */
  function unpacked(codes, width, count, size) {
    const result = new (size <= 256 ? Uint8Array : size <= 65536 ? Uint16Array : Uint32Array)(count);
    for (let row = 0, at = 0; row < count; row += 1) {
      let code = 0;
      for (let digit = 0, unit = 1; digit < width; digit += 1, unit *= BASE, at += 1) {
        code += (codes.charCodeAt(at) - FIRST) * unit;
      }
      result[row] = code;
    }
    return result;
  }

  /** Return a value as a list: none, the one, or several. @template T @param {T|T[]|null|undefined} value @returns {T[]} */
  function listed(value) {
    if (value === null || value === undefined) return [];
    return Array.isArray(value) ? value : [value];
  }

  /** @param {Uint8Array} found @param {Column} column @param {Term} term */
  function keep(found, column, term) {
    const { codes, values } = column;
    // Each distinct value is asked once, however many campaigns have it.
    const holding = Uint8Array.from(values, (value) => (window.campledgerQuery.holds(term, listed(value)) ? 1 : 0));
    for (let row = 0; row < found.length; row += 1) found[row] &= holding[codes[row]];
  }

  /** @param {Uint8Array} found @param {Term} term @param {string[]} texts */
  function keepTexts(found, term, texts) {
    for (let row = 0; row < found.length; row += 1) {
      if (found[row]) found[row] = window.campledgerQuery.holds(term, [texts[row]]) ? 1 : 0;
    }
  }

  /** @param {Uint8Array} found */
  function marked(found) {
    const rows = new Uint32Array(found.length);
    let length = 0;
    for (let row = 0; row < found.length; row += 1) {
      rows[length] = row;
      length += found[row];
    }
    return rows.subarray(0, length);
  }

  /**
   * Sort by counting: equal ones keep their order, and those without a value come last in both directions.
   * @param {Uint32Array} rows @param {Column} column @param {boolean} down
   */
  function sorted(rows, column, down) {
    const { values, codes } = column;
    const full = values[values.length - 1] === null ? values.length - 1 : values.length;
    const place = (/** @type {number} */ code) => (down && code < full ? full - 1 - code : code);
    const starts = new Uint32Array(values.length + 1);
    for (const row of rows) starts[place(codes[row]) + 1] += 1;
    for (let code = 0; code < values.length; code += 1) starts[code + 1] += starts[code];
    const result = new Uint32Array(rows.length);
    for (const row of rows) {
      const at = place(codes[row]);
      result[starts[at]] = row;
      starts[at] += 1;
    }
    return result;
  }

  window.campledgerData = { open, listed };
})();
