"use strict";
// Values as YAML that campledger's strict loader reads back the same: what YAML readers disagree about is quoted.
// The bytes are those of `campledger.documents.writing`; tests hold the two to each other.

(function () {
  const WIDTH = 100;
  const STEP = 2;
  const LONGEST_KEY = 122;

  // What YAML forbids, and the line breaks of YAML 1.1 that are none to YAML 1.2.
  const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|\p{Cs}/u;
  const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;
  const SPECIAL = /[^\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]|\u{10ffff}/u;
  // Numbers, truths and nothings to one YAML or another.
  const NOT_TEXT = new RegExp([
    "y|n|yes|no|on|off|true|false|null|~|=|<<",
    "[-+]?(?:0|[1-9])[0-9_]*(?:\\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?",
    "[-+]?\\.[0-9_]+(?:[eE][-+]?[0-9]+)?",
    "[-+]?0[0-9_]+|[-+]?0[bB][01_]+|[-+]?0[oO]?[0-7_]+|[-+]?0[xX][0-9a-fA-F_]+",
    "[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\\.[0-9_]*)?",
    "[-+]?\\.(?:inf|nan)",
  ].map((part) => `^(?:${part})$`).join("|"), "i");
  // Days and moments, which are text here but not to YAML 1.1.
  const MOMENT = new RegExp(
    "^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \\t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}" +
    "(?:\\.[0-9]*)?(?:[ \\t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$"
  );
  /** @type {Record<string, string>} */
  const ESCAPES = {
    "\0": "0", "\x07": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e",
    '"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
  };

  /** Whether a text of one line, written as it is, is read as this text. @param {string} text */
  function readsPlain(text) {
    if (text === "" || CONTROL.test(text) || /[\n\r]/.test(text) || /^[ \t]|[ \t]$/.test(text)) return false;
    if (/^[,[\]{}#&*!|>'"%@`]/.test(text) || /^[-?:](?:[ \t]|$)/.test(text)) return false;
    return !/:(?:[ \t]|$)|[ \t]#/.test(text) && !NOT_TEXT.test(text);
  }

  /** Return how a text is written: "|" as a block, '"' or "'" in quotes, "" as it is. @param {string} text */
  function style(text) {
    const lines = text.split("\n");
    const ragged = /^\s/.test(text) || lines.some((line) => /[ \t]$/.test(line));
    const special = SPECIAL.test(text);
    if (lines.length > 1) {
      const printable = !UNPRINTABLE.test(lines.join("").replaceAll("\t", ""));
      return !ragged && printable && !special ? "|" : '"';
    }
    if (!readsPlain(text) || special) return '"';
    return MOMENT.test(text) || /^(?:---|\.\.\.)/.test(text) ? "'" : "";
  }

  /** Text that grows, and where its end stands. */
  class Writer {
    constructor() {
      this.text = "";
      this.column = 0;
      this.afterSpace = true;
      this.inIndent = true;
      this.openEnded = false; // whether blank lines at the end belong to a text
    }

    /** @param {string} data */
    put(data) {
      this.text += data;
      this.column += Array.from(data).length;
    }

    /** @param {string} sign @param {boolean} space @param {boolean} indents */
    sign(sign, space = true, indents = false) {
      this.put(this.afterSpace || !space ? sign : ` ${sign}`);
      this.openEnded = false;
      this.afterSpace = false;
      this.inIndent = this.inIndent && indents;
    }

    newline() {
      this.text += "\n";
      this.column = 0;
      this.afterSpace = true;
      this.inIndent = true;
    }

    /** Go to a column, on a new line unless nothing but signs stand on this one. @param {number} column */
    indent(column) {
      if (!this.inIndent || this.column > column || (this.column === column && !this.afterSpace)) this.newline();
      if (this.column < column) {
        this.put(" ".repeat(column - this.column));
        this.afterSpace = true;
      }
    }

    /** Begin a scalar. */
    begin() {
      if (!this.afterSpace) this.put(" ");
      this.afterSpace = false;
      this.inIndent = false;
    }
  }

  /** Write words; a line that is full ends at the next single space. @param {Writer} out @param {string} text @param {number} column @param {boolean} split */
  function words(out, text, column, split) {
    for (const part of text.match(/ +|[^ ]+/g) || []) {
      if (part === " " && split && out.column > WIDTH) {
        out.indent(column);
        out.afterSpace = false;
        out.inIndent = false;
      } else {
        out.put(part);
      }
    }
  }

  /** @param {string} char */
  function escaped(char) {
    const code = /** @type {number} */ (char.codePointAt(0));
    if (ESCAPES[char]) return `\\${ESCAPES[char]}`;
    const [letter, digits] = code <= 0xff ? ["x", 2] : code <= 0xffff ? ["u", 4] : ["U", 8];
    return `\\${letter}${code.toString(16).toUpperCase().padStart(Number(digits), "0")}`;
  }

  /** @param {Writer} out @param {string} text @param {number} column @param {boolean} split */
  function doubleQuoted(out, text, column, split) {
    const chars = Array.from(text);
    out.sign('"');
    let pending = "";
    let waiting = 0; // how many characters are pending
    chars.forEach((char, place) => {
      const plain = !/["\\\u2028\u2029\ufeff]/.test(char) && /[\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd]/u.test(char);
      if (!plain) {
        out.put(pending + escaped(char));
        pending = "";
        waiting = 0;
      }
      const turn = place > 0 && place < chars.length - 1 && (char === " " || waiting === 0);
      if (turn && split && out.column + (plain ? waiting : -1) > WIDTH) {
        out.put(`${pending}\\`);
        pending = "";
        waiting = 0;
        out.indent(column);
        out.afterSpace = false;
        out.inIndent = false;
        if (chars[plain ? place : place + 1] === " ") out.put("\\");
      }
      if (plain) {
        pending += char;
        waiting += 1;
      }
    });
    out.put(pending);
    out.sign('"', false);
  }

  /** @param {Writer} out @param {string} text @param {number} column */
  function block(out, text, column) {
    const last = text.endsWith("\n") ? (text.endsWith("\n\n") || text === "\n" ? "+" : "") : "-";
    out.sign(`|${last}`);
    out.openEnded = last === "+";
    const lines = text.split("\n");
    if (text.endsWith("\n")) lines.pop();
    for (const line of lines) {
      out.newline();
      if (line) {
        out.indent(column);
        out.put(line);
      }
    }
    out.newline();
  }

  /** @param {Writer} out @param {string} text @param {number} column @param {boolean} key */
  function scalar(out, text, column, key) {
    const how = style(text);
    if (how === "|") {
      block(out, text, column);
    } else if (how === '"') {
      doubleQuoted(out, text, column, !key);
    } else if (how === "'") {
      out.sign("'");
      words(out, text.replaceAll("'", "''"), column, !key);
      out.sign("'", false);
    } else {
      out.begin();
      words(out, text, column, !key);
    }
  }

  /** Return a number without an exponent. @param {number} number */
  function printed(number) {
    if (!Number.isFinite(number)) throw new Error(`${number} is not a number in YAML`);
    if (Number.isInteger(number)) return Object.is(number, -0) ? "-0.0" : BigInt(number).toString();
    const [, sign, whole, fraction = "", exponent] = /** @type {RegExpExecArray} */ (
      /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(String(number)) || [null, "", "", "", ""]
    );
    return exponent ? `${sign}0.${"0".repeat(Number(exponent) - 1)}${whole}${fraction}` : String(number);
  }

  /** @param {Writer} out @param {Json} value @param {number} column where its container's entries stand */
  function node(out, value, column) {
    if (typeof value === "string") {
      scalar(out, value, column + STEP, false);
    } else if (typeof value === "number") {
      out.begin();
      out.put(printed(value));
    } else if (value === null || typeof value === "boolean") {
      out.begin();
      out.put(String(value));
    } else if (Array.isArray(value)) {
      sequence(out, value, column + STEP);
    } else {
      mapping(out, value, column + STEP);
    }
  }

  /** @param {Writer} out @param {Json[]} entries @param {number} column */
  function sequence(out, entries, column) {
    if (entries.length === 0) out.sign("[]");
    for (const entry of entries) {
      out.indent(column);
      out.sign("-", true, true);
      node(out, entry, column);
    }
  }

  /** @param {Writer} out @param {Record<string, Json>} entries @param {number} column */
  function mapping(out, entries, column) {
    const keys = Object.keys(entries);
    if (keys.length === 0) out.sign("{}");
    for (const key of keys) {
      out.indent(column);
      if (/^[^\n\x85\u2028\u2029]+$/.test(key) && Array.from(key).length <= LONGEST_KEY) {
        scalar(out, key, column + STEP, true);
        out.sign(":", false);
      } else {
        out.sign("?", true, true);
        scalar(out, key, column + STEP, false);
        out.indent(column);
        out.sign(":", true, true);
      }
      node(out, entries[key], column);
    }
  }

  /** Return a mapping as a YAML document. @param {Record<string, Json>} value */
  function format(value) {
    const out = new Writer();
    mapping(out, value, 0);
    if (!out.inIndent || out.column > 0) out.newline();
    return out.openEnded ? `${out.text}...\n` : out.text;
  }

  window.campledgerYaml = { format };
})();
