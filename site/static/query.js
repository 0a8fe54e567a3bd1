"use strict";
// The filter language of `campledger list`, for the browser: campledger/model/query.py says the same in Python, and
// a test holds the two to each other.

/** @typedef {Array<string|number>} Values  What a campaign has of one attribute. */
/** @typedef {{key: string, op: string, values: string[], negated: boolean, start: number, end: number, saved: boolean}} Term
    One word of an expression, and where it stands in it; that of a saved query stands where its name does. */
/** @typedef {{attributes: Object<string, string>, numbers: string[], choices: Object<string, string[]>,
    connectives: Object<string, string>, saved: Object<string, string>, me: string}} Language
    What can be asked for, and the saved queries; `me` is the handle of who asks, or empty. */

(function () {
  const HALF_TERM = /^([A-Za-z_]+)([!:=<>]+)(.*)$/s;
  const TERM = /(-)?(?:([A-Za-z_]+)(>=|<=|:|=|>|<)(?!=))?((?:"[^"]*"?|[^\s"])+)/g;
  /** @type {Object<string, string>} */
  const SIGNS = { "|": "OR", "||": "OR", "&": "AND", "&&": "AND" };

  /**
   * Read an expression. Throws an Error whose message says what is wrong with it.
   * @param {string} expression
   * @param {Language} language
   * @returns {Term[]}
   */
  function parse(expression, language) {
    if ((expression.split('"').length - 1) % 2) {
      throw new Error("Missing closing quotation mark.");
    }
    return Array.from(expression.matchAll(TERM)).flatMap((match) => terms(match, language));
  }

  /** Return what a word stands for: itself, or the words of a saved query. @param {RegExpExecArray} match @param {Language} language @returns {Term[]} */
  function terms(match, language) {
    const place = { start: match.index, end: match.index + match[0].length };
    if (match[2] === undefined && match[4].startsWith("@")) {
      return saved(match, language).map((one) => ({ ...one, ...place, saved: true }));
    }
    return [{ ...term(match, language), ...place, saved: false }];
  }

  /** Return the terms of a saved query that stands as @name in an expression. @param {RegExpExecArray} match @param {Language} language */
  function saved(match, language) {
    const [word, negation, , , name] = match;
    if (negation !== undefined) {
      throw new Error(`“${word}”: a saved query cannot be negated, only single words can.`);
    }
    if (!Object.hasOwn(language.saved, name.slice(1))) {
      const known = Object.keys(language.saved);
      const advice = known.length ? suggestion(name.slice(1), known) : ": this ledger has none.";
      throw new Error(`Unknown saved query “${name}”${advice} Quote it to look for it as text.`);
    }
    return parse(language.saved[name.slice(1)], { ...language, saved: {} });
  }

  /** @param {RegExpExecArray} match @param {Language} language */
  function term(match, language) {
    const [, negation, word, sign, raw] = match;
    const negated = negation !== undefined;
    if (word === undefined) {
      refuseHalf(raw);
      refuseConnective(raw, language);
      return { key: "text", op: ":", values: [plain(raw)], negated };
    }
    const key = word.toLowerCase();
    if (!Object.hasOwn(language.attributes, key)) {
      throw new Error(`Unknown attribute “${key}”${suggestion(key, Object.keys(language.attributes))}`);
    }
    const op = sign === "=" ? ":" : sign;
    const values = op === ":" ? several(raw.toLowerCase()) : [plain(raw)];
    if (key === "owner" || key === "operator") {
      replaceMe(values, language.me);
    }
    if (op === ":" && Object.hasOwn(language.choices, key)) {
      refuseSlip(key, values, language.choices[key]);
    }
    const strange = language.numbers.includes(key) ? values.find((value) => !/^[0-9]{1,18}$/.test(value)) : undefined;
    if (strange !== undefined) {
      throw new Error(`Invalid value “${strange}” of “${key}”: expected a number.`);
    }
    return { key, op, values, negated };
  }

  /** Put the handle of who asks in place of `me`. @param {string[]} values @param {string} me */
  function replaceMe(values, me) {
    for (const [place, value] of values.entries()) {
      if (value === "me" && !me) {
        throw Object.assign(new Error("This browser does not know yet who “me” is."), { unknownMe: true });
      }
      values[place] = value === "me" ? me.toLowerCase() : value;
    }
  }

  /** @param {string} word */
  function refuseHalf(word) {
    const match = HALF_TERM.exec(word);
    if (match) {
      const [, key, op, value] = match;
      const advice = `${op === "!=" ? "-" : ""}${key}:${value || "VALUE"}`;
      throw new Error(`Invalid word “${word}”: write ${advice}, or quote it to look for it as text.`);
    }
  }

  /** @param {string} word @param {Language} language */
  function refuseConnective(word, language) {
    const name = Object.hasOwn(SIGNS, word) ? SIGNS[word] : word.toUpperCase();
    if (Object.hasOwn(language.connectives, name)) {
      const advice = language.connectives[name].replaceAll("`", "");
      throw new Error(`“${word}” is not a word of the query language: ${advice}; quote it to look for it as text.`);
    }
  }

  /** @param {string} key @param {string[]} values @param {string[]} known */
  function refuseSlip(key, values, known) {
    const slip = values.find((value) => !known.includes(value));
    if (slip !== undefined) {
      throw new Error(`Unknown ${key} “${slip}”${suggestion(slip, known)}`);
    }
  }

  /** @param {string} word @param {string[]} known */
  function suggestion(word, known) {
    const close = near(word, known);
    return close ? `: did you mean “${close}”?` : `: expected one of ${known.join(", ")}.`;
  }

  /** Return the known word that the fewest slips of a finger turn into this one, if they are few. */
  function near(/** @type {string} */ word, /** @type {string[]} */ known) {
    const most = word.length < 4 ? 1 : Math.max(2, Math.floor(Math.min(word.length, 40) / 3));
    const scored = known.map((one) => ({ one, slips: distance(word.slice(0, 40), one) }));
    const best = scored.reduce((a, b) => (b.slips < a.slips ? b : a), { one: "", slips: most + 1 });
    return best.one;
  }

  /** Levenshtein's distance. @param {string} a @param {string} b */
  function distance(a, b) {
    let above = Array.from({ length: b.length + 1 }, (_, column) => column);
    for (let row = 1; row <= a.length; row += 1) {
      const line = [row];
      for (let column = 1; column <= b.length; column += 1) {
        const swap = above[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
        line.push(Math.min(swap, above[column] + 1, line[column - 1] + 1));
      }
      above = line;
    }
    return above[b.length];
  }

  /** Return the values between commas; commas in quotes are part of a value. @param {string} raw */
  function several(raw) {
    const pieces = raw.split('"');
    return pieces.map((piece, place) => place % 2 ? piece : piece.replaceAll(",", "\0")).join("").split("\0");
  }

  /** @param {string} text */
  function plain(text) {
    return text.replaceAll('"', "").toLowerCase();
  }

  /** Return a value as a term of an expression holds it. @param {string|number} value */
  function quoted(value) {
    const text = String(value);
    return /[\s,]/.test(text) ? `"${text}"` : text;
  }

  /**
   * Whether a campaign with these values of the term's attribute satisfies it.
   * @param {Term} one
   * @param {Values} found
   */
  function holds(one, found) {
    return has(one, found) !== one.negated;
  }

  /** @param {Term} one @param {Values} found */
  function has(one, found) {
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

  /** @param {Term} one @param {number} first @param {number} last */
  function anyDay(one, first, last) {
    if (one.op === ":") {
      return one.values.some((day) => first <= Number(day) && Number(day) <= last);
    }
    return compare(one.op.startsWith(">") ? last : first, one.op, one.values[0]);
  }

  /** @param {string|number} value @param {string} op @param {string} bound */
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

  window.campledgerQuery = { parse, holds, near, quoted };
})();
