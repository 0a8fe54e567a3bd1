"use strict";
// Fields for the values of a JSON Schema: each is made from its rule, gives what is filled in, is filled from a value,
// and shows what is wrong with it. A text that is no value of its kind stays as typed, for the check to say so.

/**
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {() => any} value what is filled in, of any kind that JSON knows; undefined for nothing
 * @property {(value: any) => void} fill
 * @property {(findings: Finding[]) => void} tell
 * @property {(pointer: Pointer) => void} reveal
 */
/** @typedef {{value: string, words?: string}} Offer  A value that a field may have, and what it means. */
/**
 * What fields need of the page.
 * @typedef {object} Form
 * @property {Rule} schema
 * @property {(path: string[]) => Offer[]} offers what the ledger has for a key
 * @property {() => void} changed
 * @property {(words: string) => void} say
 * @property {() => boolean} strict whether what is missing is shown everywhere
 */

(function () {
  /** @type {Record<string, string>} */
  const WORDS = {
    bps: "BPS", wms: "WMS", run: "RUN collection", output: "Output chain", day_obs: "day_obs", size_tb: "Output size (TB)",
    core_hours: "Core-hours", url: "Address", include: "Include DataId sets", exclude: "Exclude DataId sets",
    payloadName: "payloadName", extra: "Extra",
  };
  const LONG = 4097; // texts that may be longer get several lines
  const MOST = 10000; // numbers that one range may stand for
  const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
  const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;
  let count = 0;

  /** @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {string} [style] @param {string} [text] */
  function make(tag, style, text) {
    const element = document.createElement(tag);
    if (style) element.className = style;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  /** @param {string} words @param {() => void} act @param {string} [label] */
  function button(words, act, label) {
    const made = make("button", "nf-button", words);
    made.type = "button";
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  /** @param {string} key */
  function title(key) {
    const words = WORDS[key] || key.replaceAll("_", " ");
    return words.charAt(0).toUpperCase() + words.slice(1);
  }

  /** @param {Rule} rule */
  function hint(rule) {
    const examples = rule.examples && rule.examples[0];
    const plain = Array.isArray(examples) ? examples : [examples];
    const shown = examples === undefined || plain.some((one) => one === null || typeof one === "object" || typeof one === "boolean");
    const example = `Such as ${plain.join(", ").replace(/\.$/, "")}.`;
    return [rule.description || "", shown ? "" : example].filter(Boolean).join(" ");
  }

  /** Return a paragraph whose parts in backticks are code. @param {"p" | "span"} tag @param {string} style @param {string} text */
  function prose(tag, style, text) {
    const made = make(tag, style);
    made.append(...text.split("`").map((part, place) => (place % 2 ? make("code", "", part) : part)));
    return made;
  }

  // Texts and values.

  /** @param {string} text */
  function typed(text) {
    if (NUMBER.test(text)) return Number(text);
    if (text === "true" || text === "false") return text === "true";
    if (!text.startsWith('"')) return text;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  /** @param {unknown} value */
  function untyped(value) {
    const text = String(value);
    return typeof value === "string" && typed(text) !== text ? JSON.stringify(text) : text;
  }

  /** Return numbers written with commas, spaces and ranges. @param {string} text */
  function numbers(text) {
    return text.split(/[\s,;]+/).filter(Boolean).flatMap((word) => {
      const range = /^([0-9]{1,9})(?:-|\.\.|\u2013)([0-9]{1,9})$/.exec(word);
      if (!range) return [INTEGER.test(word) ? Number(word) : word];
      const [first, last] = [Number(range[1]), Number(range[2])];
      return first <= last && last - first < MOST ? Array.from({ length: last - first + 1 }, (_, step) => first + step) : [word];
    });
  }

  /** Return the rule for what stands in a list. @param {Rule} rule @param {Rule} schema @returns {Rule} */
  function itemsOf(rule, schema) {
    return rule.items ? window.campledgerCheck.resolved(rule.items, schema) : {};
  }

  /**
   * How a value is written into a field, by its rule: what is read from the text, and the text of a value.
   * @typedef {{read: (text: string) => any, write: (value: any) => string, lines: boolean, mode?: string, how?: string}} Notation
   */

  /** @param {Rule} rule @param {Rule} schema @returns {Notation} */
  function notation(rule, schema) {
    const kind = rule.type;
    if (kind === "integer" || kind === "number") {
      const form = kind === "integer" ? INTEGER : NUMBER;
      const mode = kind === "integer" ? "numeric" : "decimal";
      return { read: (text) => (form.test(text) ? Number(text) : text), write: String, lines: false, mode };
    }
    if (kind === "array" && itemsOf(rule, schema).type === "integer") {
      return { read: numbers, write: (value) => value.join(", "), lines: false, how: "Separated by commas; ranges such as 3826-3833." };
    }
    if (kind === "array") return { read: entries, write: (value) => value.join("\n"), lines: true, how: "One per line." };
    if (kind === "object" && rule.additionalProperties) {
      const free = rule.additionalProperties.type !== "string";
      return {
        read: (text) => pairs(text, free),
        write: (value) => Object.entries(value).map(([key, one]) => `${key} = ${free ? untyped(one) : one}`).join("\n"),
        lines: true,
        how: "One NAME = VALUE per line.",
      };
    }
    if (kind === "object") return json();
    return { read: (text) => text, write: String, lines: rule.maxLength !== undefined && rule.maxLength >= LONG };
  }

  /** @returns {Notation} */
  function json() {
    return {
      read: (text) => {
        try {
          return JSON.parse(text);
        } catch {
          return text;
        }
      },
      write: (value) => JSON.stringify(value, null, 2),
      lines: true,
      how: "As JSON.",
    };
  }

  /** @param {string} text */
  function entries(text) {
    return text.split("\n").map((line) => line.trim()).filter(Boolean);
  }

  /** @param {string} text @param {boolean} free */
  function pairs(text, free) {
    const lines = entries(text).map((line) => /^([^=]+?)\s*=\s*(.*)$/.exec(line));
    if (!lines.every((line) => line !== null)) return text;
    return Object.fromEntries(lines.map(([, name, value]) => [name, free ? typed(value) : value]));
  }

  // One field with its label.

  /**
   * Return the frame of a field: label, description, a place for the control, and what is wrong.
   * @param {string} key @param {Rule} rule @param {boolean} required @param {Form} form @param {HTMLElement} control
   */
  function frame(key, rule, required, form, control) {
    const element = make("div", "nf-field");
    const id = `nf-${++count}`;
    const label = make("label", "", title(key));
    const about = prose("p", "hint", hint(rule));
    const wrong = make("p", "nf-wrong");
    control.id = id;
    label.htmlFor = id;
    about.id = `${id}-about`;
    wrong.id = `${id}-wrong`;
    wrong.hidden = true;
    control.setAttribute("aria-describedby", `${about.id} ${wrong.id}`);
    if (required) {
      label.append(" ", make("span", "nf-required", "required"));
      control.setAttribute("aria-required", "true");
    }
    element.append(label, control, wrong, about);
    let touched = false;
    /** @type {Finding[]} */
    let findings = [];
    const show = () => {
      const shown = findings.filter((finding) => !finding.missing || touched || form.strict());
      wrong.textContent = shown.map((finding) => finding.message).join("; ");
      wrong.hidden = shown.length === 0;
      wrong.classList.toggle("warning", shown.every((finding) => finding.warning));
      control.setAttribute("aria-invalid", String(shown.some((finding) => !finding.warning)));
    };
    control.addEventListener("input", () => form.changed());
    control.addEventListener("change", () => form.changed());
    control.addEventListener("blur", () => {
      touched = true;
      show();
    });
    return {
      element,
      tell: (/** @type {Finding[]} */ told) => {
        findings = told;
        show();
      },
      reveal: () => control.focus(),
    };
  }

  /** @param {string} key @param {Rule} rule @param {string[]} path @param {boolean} required @param {Form} form @returns {Field} */
  function choice(key, rule, path, required, form) {
    const select = make("select");
    const truths = [{ value: "true", words: "yes" }, { value: "false", words: "no" }];
    /** @type {Offer[]} */
    const listed = rule.enum ? rule.enum.map((value) => ({ value })) : form.offers(path);
    const options = rule.type === "boolean" ? truths : listed;
    select.append(new Option("", ""));
    for (const { value, words } of options) select.append(new Option(words || value, value));
    const framed = frame(key, rule, required, form, select);
    return {
      ...framed,
      value: () => (select.value === "" ? undefined : rule.type === "boolean" ? select.value === "true" : select.value),
      fill: (value) => {
        const text = value === undefined ? "" : String(value);
        if (!Array.from(select.options).some((option) => option.value === text)) select.append(new Option(text, text));
        select.value = text;
      },
    };
  }

  /** @param {string} key @param {Rule} rule @param {string[]} path @param {boolean} required @param {Form} form @returns {Field} */
  function text(key, rule, path, required, form) {
    const usual = notation(rule, form.schema);
    let used = usual;
    const control = usual.lines ? make("textarea") : make("input");
    control.spellcheck = rule.maxLength === 65536;
    if (usual.mode) control.inputMode = usual.mode;
    if (control instanceof HTMLTextAreaElement) control.rows = rule.minLength && rule.maxLength === 65536 ? 4 : 2;
    const description = [rule.description, usual.how].filter(Boolean).join(" ");
    const framed = frame(key, { ...rule, description }, required, form, control);
    if (offered(path, rule)) offer(control, path, form);
    return {
      ...framed,
      value: () => {
        const written = used.lines ? control.value : control.value.trim();
        if (written.trim() === "") return undefined;
        return used.read(written);
      },
      fill: (value) => {
        used = usual;
        control.value = value === undefined ? "" : usual.write(value);
        // What lines cannot hold, such as an entry of several lines, is shown as JSON.
        const held = value === undefined || JSON.stringify(used.read(control.value.trim() === "" ? "" : control.value)) === JSON.stringify(value);
        if (!held && rule.type !== "string") {
          used = json();
          control.value = used.write(value);
        }
      },
    };
  }

  /** Whether the ledger may have something to offer for a key. @param {string[]} path @param {Rule} rule */
  function offered(path, rule) {
    return rule.type === "string" || (rule.type === "array" && path.length > 0);
  }

  /** Offer what the ledger has: as completion, or for a field of several lines as a small field that adds one. */
  function offer(/** @type {HTMLInputElement | HTMLTextAreaElement} */ control, /** @type {string[]} */ path, /** @type {Form} */ form) {
    const list = make("datalist");
    list.id = `${control.id}-offers`;
    const fillIn = () => list.replaceChildren(...form.offers(path).map(({ value, words }) => new Option(words || "", value)));
    if (form.offers(path).length === 0 && path[path.length - 1] !== "prerequisites") return;
    const target = control instanceof HTMLInputElement ? control : make("input");
    target.setAttribute("list", list.id);
    target.addEventListener("focus", fillIn);
    control.after(list);
    if (target === control) return;
    const add = () => {
      const word = target.value.trim();
      const present = entries(control.value);
      if (word && !present.includes(word)) {
        control.value = [...present, word].join("\n");
        form.changed();
        form.say(`${word} added`);
      }
      target.value = "";
    };
    target.setAttribute("aria-label", `New entry in ${title(path[path.length - 1])}`);
    target.spellcheck = false;
    target.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        add();
      }
    });
    const line = make("div", "nf-line");
    line.append(target, button("Add", add, `Add to ${title(path[path.length - 1])}`));
    control.after(line);
  }

  // Fields of fields.

  /** @param {Finding[]} findings @param {string | number} part */
  function below(findings, part) {
    return findings.filter((finding) => finding.pointer[0] === part).map((finding) => ({ ...finding, pointer: finding.pointer.slice(1) }));
  }

  /**
   * The fields of a mapping, without a frame.
   * @param {Rule} rule @param {string[]} path @param {Form} form @param {readonly string[]} without @returns {Field}
   */
  function fields(rule, path, form, without = []) {
    const element = make("div", "nf-fields");
    /** @type {Map<string, Field>} */
    const made = new Map();
    for (const [key, one] of Object.entries(rule.properties || {})) {
      if (without.includes(key)) continue;
      const field = any(key, one, [...path, key], (rule.required || []).includes(key), form);
      made.set(key, field);
      element.append(field.element);
    }
    return {
      element,
      value: () => {
        const values = Array.from(made, ([key, field]) => [key, field.value()]).filter(([, value]) => value !== undefined);
        return values.length ? Object.fromEntries(values) : undefined;
      },
      fill: (value) => made.forEach((field, key) => field.fill(value === undefined ? undefined : value[key])),
      tell: (findings) => made.forEach((field, key) => field.tell(below(findings, key))),
      reveal: ([key, ...rest]) => (made.get(String(key)) || Array.from(made.values())[0]).reveal(rest),
    };
  }

  /** A mapping that opens and closes; its fields are made when it first opens. @param {string} key @param {Rule} rule @param {string[]} path @param {Form} form @returns {Field} */
  function section(key, rule, path, form) {
    const element = make("details", "nf-section");
    const summary = make("summary");
    const state = make("span", "nf-state");
    summary.append(make("b", "", title(key)), " ", prose("span", "hint", rule.description || ""), " ", state);
    element.append(summary);
    /** @type {Field | null} */
    let inner = null;
    /** @type {any} */
    let held;
    /** @type {Finding[]} */
    let told = [];
    const value = () => (inner ? inner.value() : held);
    const open = () => {
      if (inner) return inner;
      inner = rule.properties ? fields(rule, path, form) : text(key, rule, path, false, form);
      inner.fill(held);
      inner.tell(told);
      element.append(inner.element);
      return inner;
    };
    const mark = () => {
      const number = value() === undefined ? 0 : Object.keys(value()).length;
      const wrong = told.filter((finding) => !finding.warning).length;
      state.textContent = [number ? `${number} set` : "", wrong ? `${wrong} wrong` : ""].filter(Boolean).join(", ");
      state.classList.toggle("wrong", wrong > 0);
    };
    element.addEventListener("toggle", () => element.open && open());
    return {
      element,
      value,
      fill: (filled) => {
        held = filled;
        if (inner) inner.fill(filled);
        mark();
      },
      tell: (findings) => {
        told = findings;
        if (inner) inner.tell(findings);
        mark();
      },
      reveal: (pointer) => {
        element.open = true;
        open().reveal(pointer);
      },
    };
  }

  /**
   * An entry of a list, and the button that opens it.
   * @typedef {{element: HTMLElement, turn: HTMLElement, field: Field, open: (yes: boolean) => void, mark: (index: number) => void, name: () => string}} Card
   */

  /** A list of mappings: entries that are added, moved and taken out. @param {string} key @param {Rule} rule @param {string[]} path @param {Form} form @returns {Field} */
  function cards(key, rule, path, form) {
    const element = make("fieldset", "nf-cards");
    const legend = make("legend", "", title(key));
    const wrong = make("p", "nf-wrong");
    const list = make("ol", "nf-list");
    const one = title(key).replace(/s$/, "").toLowerCase();
    const add = button(`Add a ${one}`, () => {
      const card = insert(undefined, true);
      form.changed();
      form.say(`${one} ${made.length} added`);
      card.field.reveal([]);
    });
    wrong.hidden = true;
    element.append(legend, prose("p", "hint", rule.description || ""), wrong, list, add);
    /** @type {Card[]} */
    let made = [];

    /** @param {any} value @param {boolean} opened */
    function insert(value, opened) {
      const card = cardOf(itemsOf(rule, form.schema), [...path, "*"], one, form, { move, remove });
      made.push(card);
      list.append(card.element);
      card.field.fill(value);
      card.open(opened);
      number();
      return card;
    }

    function number() {
      made.forEach((card, index) => card.mark(index));
    }

    /** @param {Card} card @param {number} by @param {HTMLElement | null} focus */
    function move(card, by, focus) {
      const from = made.indexOf(card);
      const to = from + by;
      if (to < 0 || to >= made.length) return;
      made.splice(from, 1);
      made.splice(to, 0, card);
      list.insertBefore(card.element, made[to + 1] ? made[to + 1].element : null);
      if (focus) focus.focus();
      number();
      form.changed();
      form.say(`${card.name()} is now ${to + 1} of ${made.length}`);
    }

    /** @param {Card} card */
    function remove(card) {
      const index = made.indexOf(card);
      const name = card.name();
      made.splice(index, 1);
      card.element.remove();
      number();
      form.changed();
      form.say(`${name} removed`);
      const next = made[Math.min(index, made.length - 1)];
      (next ? next.turn : add).focus();
    }

    return {
      element,
      value: () => (made.length ? made.map((card) => card.field.value() || {}) : undefined),
      fill: (value) => {
        made = [];
        list.replaceChildren();
        for (const entry of value || []) insert(entry, false);
      },
      tell: (findings) => {
        const own = findings.filter((finding) => finding.pointer.length === 0);
        wrong.textContent = own.map((finding) => finding.message).join("; ");
        wrong.hidden = own.length === 0;
        made.forEach((card, index) => card.field.tell(below(findings, index)));
        number();
      },
      reveal: ([index, ...rest]) => {
        const card = made[Number(index)];
        if (!card) {
          add.focus();
          return;
        }
        card.open(true);
        card.field.reveal(rest);
      },
    };
  }

  /**
   * One entry of a list: its title opens it, Alt with the arrow keys moves it.
   * @param {Rule} rule @param {string[]} path @param {string} one @param {Form} form
   * @param {{move: (card: Card, by: number, focus: HTMLElement | null) => void, remove: (card: Card) => void}} acts
   */
  function cardOf(rule, path, one, form, acts) {
    const element = make("li", "nf-card");
    const head = make("div", "nf-head");
    const body = make("div", "nf-body");
    /** @type {Field | null} */
    let inner = null;
    /** @type {any} */
    let held;
    /** @type {Finding[]} */
    let told = [];
    let place = 0;
    const value = () => (inner ? inner.value() : held);
    const name = () => {
      const values = value() || {};
      return values.name || values.key || values.title || values.url || `${one} ${place + 1}`;
    };
    const turn = button("", () => open(body.hidden !== false));
    turn.className = "nf-title";
    body.id = `nf-${++count}`;
    turn.setAttribute("aria-controls", body.id);
    const up = button("\u2191", () => acts.move(card, -1, up));
    const down = button("\u2193", () => acts.move(card, 1, down));
    const out = button("\u00d7", () => acts.remove(card));
    head.append(turn, up, down, out);
    element.append(head, body);
    body.hidden = true;
    element.addEventListener("keydown", (event) => {
      if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      acts.move(card, event.key === "ArrowUp" ? -1 : 1, /** @type {HTMLElement} */ (document.activeElement));
    });

    function content() {
      if (inner) return inner;
      inner = fields(rule, path, form);
      inner.fill(held);
      inner.tell(told);
      body.append(inner.element);
      return inner;
    }

    /** @param {boolean} yes */
    function open(yes) {
      if (yes) content();
      body.hidden = !yes;
      turn.setAttribute("aria-expanded", String(yes));
    }

    /** @param {number} index */
    function mark(index) {
      place = index;
      const values = value() || {};
      const wrong = told.filter((finding) => !finding.warning && !finding.missing).length;
      const number = Array.isArray(values.groups) ? values.groups.length : 0;
      const table = values.groups && !number ? "groups from a table" : "";
      const groups = number ? `${number} ${number === 1 ? "group" : "groups"}` : table;
      const more = [values.title && values.title !== name() ? values.title : "", groups, wrong ? `${wrong} wrong` : ""].filter(Boolean);
      turn.replaceChildren(make("b", "u", name()), ...(more.length ? [" ", make("span", wrong ? "nf-state wrong" : "nf-state", more.join(", "))] : []));
      label(up, "Move up");
      label(down, "Move down");
      label(out, "Remove");
    }

    /** @param {HTMLElement} made @param {string} words */
    function label(made, words) {
      made.setAttribute("aria-label", `${words}: ${name()}`);
      made.title = words;
    }

    /** @type {Card} */
    const card = {
      element,
      turn,
      name,
      open,
      mark,
      field: {
        element,
        value,
        fill: (filled) => {
          held = filled;
          if (inner) inner.fill(filled);
        },
        tell: (findings) => {
          told = findings;
          if (inner) inner.tell(findings);
        },
        reveal: (pointer) => {
          open(true);
          content().reveal(pointer);
        },
      },
    };
    return card;
  }

  /** A list of mappings, or a mapping instead: what is filled in of the latter shuts the list. @param {string} key @param {Rule} rule @param {string[]} path @param {Form} form @returns {Field} */
  function either(key, rule, path, form) {
    const element = make("div", "nf-fields");
    const list = cards(key, { ...rule, type: "array" }, path, form);
    const description = Object.values(rule.properties || {}).map((one) => one.description).join(" ");
    const other = section(`${key}_from_a_table`, { ...rule, description, type: "object" }, path, form);
    const settle = () => {
      /** @type {HTMLFieldSetElement} */ (list.element).disabled = other.value() !== undefined;
    };
    element.append(list.element, other.element);
    return {
      element,
      value: () => {
        settle();
        return other.value() ?? list.value();
      },
      fill: (value) => {
        list.fill(Array.isArray(value) ? value : undefined);
        other.fill(Array.isArray(value) ? undefined : value);
        settle();
      },
      tell: (findings) => {
        const own = other.value() !== undefined;
        list.tell(own ? [] : findings);
        other.tell(own ? findings : []);
      },
      reveal: (pointer) => (other.value() === undefined ? list : other).reveal(pointer),
    };
  }

  /** Return the field for a key, by its rule. @param {string} key @param {Rule} unresolved @param {string[]} path @param {boolean} required @param {Form} form @returns {Field} */
  function any(key, unresolved, path, required, form) {
    const rule = window.campledgerCheck.resolved(unresolved, form.schema);
    if (rule.enum || rule.type === "boolean" || path.join(".") === "production") return choice(key, rule, path, required, form);
    if (Array.isArray(rule.type) && rule.items && rule.properties) return either(key, rule, path, form);
    if (rule.type === "array" && itemsOf(rule, form.schema).type === "object") return cards(key, rule, path, form);
    if (rule.type === "object" && (rule.properties || key === "extra")) return section(key, rule, path, form);
    return text(key, rule, path, required, form);
  }

  window.campledgerFields = { fields, make };
})();
