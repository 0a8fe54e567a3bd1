"use strict";
// Completion for the filter: names of attributes, then their values, with how many campaigns have each.

/** @typedef {{text: string, note: string, from: number, open: boolean}} Suggestion
    What to put in from there up to the caret; `open` where more of the same word follows. */
/** @typedef {{value: string|number, count: number, name: string}} Known
    A value of an attribute, how many campaigns have it, and the name of whom it stands for. */

(function () {
  const MOST = 12;
  const ATTRIBUTE = /(?:^|\s)-?([A-Za-z_]*)$/;
  const VALUE = /(?:^|\s)-?([A-Za-z_]+)(?::|=|>=|<=|>|<)((?:(?:"[^"]*"|[^\s",])*,)*)("[^"]*|[^\s",]*)$/;

  /**
   * Return what the word before the caret may become.
   * @param {string} before  the expression up to the caret
   * @param {Object<string, string>} attributes
   * @param {(key: string) => Known[]} valuesOf
   * @param {Object<string, string[]>} choices
   * @returns {Suggestion[]}
   */
  function suggest(before, attributes, valuesOf, choices) {
    const value = VALUE.exec(before);
    if (value && Object.hasOwn(attributes, value[1].toLowerCase()) && value[1].toLowerCase() !== "text") {
      return values(value[3], before.length, valuesOf(value[1].toLowerCase()));
    }
    const word = ATTRIBUTE.exec(before);
    return word ? names(word[1].toLowerCase(), before.length, attributes, choices) : [];
  }

  /** @param {string} typed @param {number} end @param {Known[]} known */
  function values(typed, end, known) {
    const sought = typed.replaceAll('"', "").toLowerCase();
    const rank = (/** @type {Known} */ one) => {
      const text = String(one.value).toLowerCase();
      if (text.startsWith(sought)) return 0;
      return text.includes(sought) || one.name.toLowerCase().includes(sought) ? 1 : 2;
    };
    const near = known.map((one) => ({ one, rank: rank(one) })).filter((entry) => entry.rank < 2);
    near.sort((a, b) => a.rank - b.rank); // stable: the order of the values stays
    return near.slice(0, MOST).map(({ one }) => ({
      text: window.campledgerQuery.quoted(one.value),
      note: [one.name, String(one.count)].filter(Boolean).join(" · "),
      from: end - typed.length,
      open: false,
    }));
  }

  /** @param {string} typed @param {number} end @param {Object<string, string>} attributes @param {Object<string, string[]>} choices */
  function names(typed, end, attributes, choices) {
    const from = end - typed.length;
    const known = Object.keys(attributes).filter((name) => name.startsWith(typed));
    const found = known.map((name) => ({ text: `${name}:`, note: attributes[name], from, open: true }));
    if (typed.length >= 2) {
      for (const [key, several] of Object.entries(choices)) {
        for (const value of several.filter((one) => one.startsWith(typed))) {
          found.push({ text: `${key}:${value}`, note: "", from, open: false });
        }
      }
    }
    return found.slice(0, typed ? MOST : found.length);
  }

  /**
   * Make the input a combobox with the list below it.
   * @param {HTMLInputElement} input
   * @param {HTMLElement} list
   * @param {(before: string) => Suggestion[]} offer
   */
  function attach(input, list, offer) {
    /** @type {Suggestion[]} */
    let offered = [];
    let active = -1;

    function show(/** @type {boolean} */ asked) {
      const before = input.value.slice(0, input.selectionStart || 0);
      const idle = !asked && /(?:^|\s)-?$/.test(before);
      const after = input.value.slice(input.selectionStart || 0);
      offered = idle || /^\S/.test(after) ? [] : offer(before);
      // What is typed already needs no completion.
      if (!asked && offered.length === 1 && before.endsWith(offered[0].text)) offered = [];
      active = -1;
      list.replaceChildren(...offered.map(option));
      mark();
    }

    /** @param {Suggestion} one @param {number} place */
    function option(one, place) {
      const made = document.createElement("li");
      const note = document.createElement("span");
      made.id = `${list.id}-${place}`;
      made.setAttribute("role", "option");
      note.textContent = one.note;
      made.append(one.text, " ", note);
      made.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        take(place);
      });
      return made;
    }

    function mark() {
      list.hidden = offered.length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
      Array.from(list.children).forEach((one, place) => one.setAttribute("aria-selected", String(place === active)));
      if (active < 0 || list.hidden) {
        active = -1;
        input.removeAttribute("aria-activedescendant");
      } else {
        input.setAttribute("aria-activedescendant", `${list.id}-${active}`);
        list.children[active].scrollIntoView({ block: "nearest" });
      }
    }

    function close() {
      offered = [];
      list.replaceChildren();
      mark();
    }

    function take(/** @type {number} */ place) {
      const one = offered[place];
      const end = input.selectionStart || 0;
      input.setRangeText(one.open ? one.text : `${one.text} `, one.from, end, "end");
      input.dispatchEvent(new Event("input", { bubbles: true }));
      if (!one.open) close();
    }

    input.addEventListener("input", () => show(false));
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      /** @type {Object<string, number>} */
      const steps = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key === "ArrowDown" && list.hidden && event.altKey) {
        show(true);
      } else if (event.key in steps && !list.hidden) {
        const size = offered.length + 1; // one place is the input itself
        active = ((active + 1 + steps[event.key] + size) % size) - 1;
        mark();
      } else if (event.key === "Enter" && active >= 0) {
        take(active);
      } else if (event.key === "Tab" && !event.shiftKey && active >= 0) {
        take(active);
      } else if (event.key === "Escape" && !list.hidden) {
        close();
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    });
    return { close };
  }

  window.campledgerCompletion = { suggest, attach };
})();
