"use strict";
// The filter language of `campledger list`, for the browser: campledger/model/query.py says the same in Python, and
// a test holds the two to each other.

/** @typedef {Object<string, Array<string|number>>} Facts  Values of each attribute of a campaign. */
/** @typedef {{key: string, op: string, values: string[], negated: boolean}} Term  One word of an expression. */

(function () {
  const HALF_TERM = /^([A-Za-z_]+)([!:=<>]+)(.*)$/s;
  const TERM = /(-)?(?:([A-Za-z_]+)(>=|<=|:|=|>|<)(?!=))?((?:"[^"]*"?|[^\s"])+)/g;

  /**
   * Read an expression. Throws an Error whose message says what is wrong with it.
   * @param {string} expression
   * @param {Object<string, string>} attributes
   * @param {string[]} numbers
   * @returns {Term[]}
   */
  function parse(expression, attributes, numbers) {
    if ((expression.split('"').length - 1) % 2) {
      throw new Error("A quotation mark is not closed.");
    }
    return Array.from(expression.matchAll(TERM), (match) => term(match, attributes, numbers));
  }

  function term(match, attributes, numbers) {
    const [, negation, word, sign, raw] = match;
    const negated = negation !== undefined;
    if (word === undefined) {
      refuseHalf(raw);
      return { key: "text", op: ":", values: [plain(raw)], negated };
    }
    const key = word.toLowerCase();
    if (!Object.hasOwn(attributes, key)) {
      throw new Error(`There is no attribute “${key}”.`);
    }
    const op = sign === "=" ? ":" : sign;
    const values = (op === ":" ? raw.split(",") : [raw]).map(plain);
    if ((key === "owner" || key === "operator") && values.includes("me")) {
      throw new Error(`A page does not know who you are: write your handle, as in ${key}:vrubin.`);
    }
    const strange = numbers.includes(key) ? values.find((value) => !/^[0-9]{1,18}$/.test(value)) : undefined;
    if (strange !== undefined) {
      throw new Error(`“${key}” is compared with numbers, and “${strange}” is none.`);
    }
    return { key, op, values, negated };
  }

  /** @param {string} word */
  function refuseHalf(word) {
    const match = HALF_TERM.exec(word);
    if (match) {
      const [, key, op, value] = match;
      const advice = `${op === "!=" ? "-" : ""}${key}:${value || "VALUE"}`;
      throw new Error(`“${word}” is not understood: write ${advice}, or quote it to look for it as text.`);
    }
  }

  /** @param {string} text */
  function plain(text) {
    return text.replaceAll('"', "").toLowerCase();
  }

  /**
   * Whether every term holds.
   * @param {Term[]} terms
   * @param {Facts} facts
   */
  function matches(terms, facts) {
    return terms.every((one) => holds(one, facts[one.key] || []) !== one.negated);
  }

  function holds(one, found) {
    if (one.key === "text") {
      return found.length > 0 && one.values.every((value) => String(found[0]).includes(value));
    }
    if (one.key === "day_obs" && found.length > 0) {
      return anyDay(one, Number(found[0]), Number(found[found.length - 1]));
    }
    if (one.op === ":") {
      return found.some((value) => one.values.includes(String(value).toLowerCase()));
    }
    return found.some((value) => compare(value, one.op, one.values[0]));
  }

  function anyDay(one, first, last) {
    if (one.op === ":") {
      return one.values.some((day) => first <= Number(day) && Number(day) <= last);
    }
    return compare(one.op.startsWith(">") ? last : first, one.op, one.values[0]);
  }

  function compare(value, op, bound) {
    const left = typeof value === "number" ? value : value.toLowerCase();
    const right = typeof value === "number" ? Number(bound) : bound;
    switch (op) {
      case ">": return left > right;
      case "<": return left < right;
      case ">=": return left >= right;
      default: return left <= right;
    }
  }

  window.campledgerQuery = { parse, matches };
})();
