"use strict";
// What is wrong with a definition: by its JSON Schema, by the rules of one definition, and by what the ledger has.
// The findings are those of `campledger check`, as far as a page can know; tests hold the two to each other.

/** @typedef {(string | number)[]} Pointer  Where something stands in a definition: keys, and places in lists. */
/** @typedef {{pointer: Pointer, rule: string, message: string, missing?: boolean, warning?: boolean}} Finding */

(function () {
  /** @type {Record<string, string>} */
  const KINDS = {
    object: "a mapping", array: "a list", string: "text", boolean: "true or false", integer: "a whole number",
    number: "a number",
  };

  /** @param {unknown} value */
  function kind(value) {
    if (Array.isArray(value)) return "array";
    return value === null ? "null" : typeof value;
  }

  /** @param {unknown} value @param {string} type */
  function isType(value, type) {
    return type === "integer" ? Number.isInteger(value) : kind(value) === type;
  }

  /** @param {unknown} value @returns {value is Record<string, unknown>} */
  function isMapping(value) {
    return kind(value) === "object";
  }

  /** @param {unknown} value */
  function short(value) {
    const text = String(value);
    return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
  }

  /** @param {Pointer} pointer */
  function naming(pointer) {
    if (pointer.length === 0) return "the document";
    const last = pointer[pointer.length - 1];
    if (typeof last === "string") return `\`${short(last)}\``;
    return pointer.length > 1 ? `entry ${last + 1} of \`${pointer[pointer.length - 2]}\`` : `entry ${last + 1}`;
  }

  /** Return a rule with what it refers to in its place. @param {Rule} rule @param {Rule} root @returns {Rule} */
  function resolved(rule, root) {
    if (!rule.$ref) return rule;
    return { ...root.$defs?.[rule.$ref.slice(rule.$ref.lastIndexOf("/") + 1)], ...rule };
  }

  /** Whether two values are the same. @param {unknown} one @param {unknown} other */
  function same(one, other) {
    return JSON.stringify(one) === JSON.stringify(other);
  }

  /**
   * Yield what a schema has against a value.
   * @param {unknown} value @param {Rule} unresolved @param {Rule} root @param {Pointer} pointer
   * @returns {Generator<Finding>}
   */
  function* bySchema(value, unresolved, root, pointer = []) {
    const rule = resolved(unresolved, root);
    const name = naming(pointer);
    /** @param {string} message @returns {Finding} */
    const finding = (message) => ({ pointer, rule: "schema", message });
    const types = rule.type === undefined ? [] : [rule.type].flat();
    if (types.length && !types.some((type) => isType(value, type))) {
      const wanted = types.map((type) => KINDS[type]).join(" or ");
      yield finding(value === null ? `${name} is empty: fill it in` : `${name} is ${KINDS[kind(value)]}, expected ${wanted}`);
      return;
    }
    if (rule.const !== undefined && !same(value, rule.const)) yield finding(`${name} must be \`${rule.const}\``);
    if (rule.enum && !rule.enum.some((one) => same(one, value))) {
      yield finding(`invalid value \`${short(value)}\` of ${name}: expected one of ${rule.enum.join(", ")}`);
    }
    if (typeof value === "string") yield* text(value, rule, name, finding);
    if (typeof value === "number") yield* number(value, rule, name, finding);
    if (Array.isArray(value)) yield* list(value, rule, root, pointer, finding);
    else if (isMapping(value)) yield* mapping(value, rule, root, pointer);
  }

  /** @param {string} value @param {Rule} rule @param {string} name @param {(message: string) => Finding} finding */
  function* text(value, rule, name, finding) {
    const { minLength = 0, maxLength = Infinity } = rule;
    const length = Array.from(value).length;
    if (!value.isWellFormed()) yield finding(`${name} holds half a character: type it again`);
    if (length < minLength) yield finding(`${name} is empty: fill it in, or remove it`);
    if (length > maxLength) {
      yield finding(`${name} is ${length.toLocaleString("en")} characters long; the limit is ${maxLength.toLocaleString("en")}`);
    }
    if (rule.pattern && !new RegExp(rule.pattern, "u").test(value)) {
      const example = rule.examples && typeof rule.examples[0] === "string" ? rule.examples[0] : null;
      const hint = example !== null ? `for example ${example}` : `it must match ${rule.pattern}`;
      yield finding(`invalid value \`${short(value)}\` of ${name}: ${hint}`);
    }
  }

  /** @param {number} value @param {Rule} rule @param {string} name @param {(message: string) => Finding} finding */
  function* number(value, rule, name, finding) {
    const { minimum = -Infinity, maximum = Infinity } = rule;
    if (value < minimum) yield finding(`${name} is ${value}, less than ${minimum}`);
    if (value > maximum) yield finding(`${name} is ${value}, more than ${maximum}`);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) yield finding(`${name} is too large a number for this page`);
  }

  /** @param {unknown[]} value @param {Rule} rule @param {Rule} root @param {Pointer} pointer @param {(message: string) => Finding} finding */
  function* list(value, rule, root, pointer, finding) {
    if (value.length < (rule.minItems || 0)) yield finding(`${naming(pointer)} is empty: fill it in, or remove it`);
    if (rule.uniqueItems && new Set(value.map((one) => JSON.stringify(one))).size < value.length) {
      yield finding(`duplicate entries in ${naming(pointer)}`);
    }
    if (!rule.items) return;
    for (const [index, one] of value.entries()) yield* bySchema(one, rule.items, root, [...pointer, index]);
  }

  /** @param {Record<string, unknown>} value @param {Rule} rule @param {Rule} root @param {Pointer} pointer @returns {Generator<Finding>} */
  function* mapping(value, rule, root, pointer) {
    const known = rule.properties || {};
    for (const key of rule.required || []) {
      if (!Object.hasOwn(value, key)) {
        yield { pointer: [...pointer, key], rule: "schema", message: `missing key \`${key}\``, missing: true };
      }
    }
    for (const [key, below] of Object.entries(value)) {
      if (Object.hasOwn(known, key)) yield* bySchema(below, known[key], root, [...pointer, key]);
      else if (rule.additionalProperties === false) {
        yield { pointer: [...pointer, key], rule: "unknown-key", message: `unknown key \`${short(key)}\`` };
      } else if (rule.additionalProperties) {
        yield* bySchema(below, rule.additionalProperties, root, [...pointer, key]);
      }
    }
  }

  // The rules of one definition, beyond the schema: see campledger/model/rules.py.

  const PLACEHOLDER = /(?<![A-Za-z0-9_])(?:[A-Z]+-X{2,}|[a-z]_Y{4}_W{2}|MUST[_ ]OVERRIDE|TODO|TBD|FIXME|CHANGEME|CHANGE_ME)(?![A-Za-z0-9_])|<[A-Z_ ]{3,}>/;
  const UNFILLED = /\$\{[^}]*\}/;
  const MISSING_SLASH = /\$\{?([A-Za-z0-9_]*_DIR)(?:\}(?=[A-Za-z0-9])|\}?(?=[a-z]))/;
  const COLLECTION = /^[A-Za-z0-9_][A-Za-z0-9_.+@:=,-]*(?:\/[A-Za-z0-9_.+@:=,-]+)*$/;
  const RUN_FIELDS = ["campaign", "group", "operator", "output", "payloadName", "step", "timestamp"];
  const PROSE = ["description", "prepended_script"];

  /** Return the groups that a step lists; none where it takes them from a table. @param {Step} step */
  function listed(step) {
    return Array.isArray(step.groups) ? step.groups : [];
  }

  /** Yield the campaign, each step and each group, with where they stand. @param {Definition} definition @returns {Generator<[Pointer, Part]>} */
  function* parts(definition) {
    yield [[], definition];
    for (const [index, step] of (definition.steps || []).entries()) {
      yield [["steps", index], step];
      for (const [number, group] of listed(step).entries()) yield [["steps", index, "groups", number], group];
    }
  }

  /** @param {unknown} value @param {Pointer} pointer @returns {Generator<[Pointer, string]>} */
  function* texts(value, pointer = []) {
    if (typeof value === "string") yield [pointer, value];
    else if (Array.isArray(value)) for (const [index, one] of value.entries()) yield* texts(one, [...pointer, index]);
    else if (isMapping(value)) {
      for (const [key, one] of Object.entries(value)) yield* texts(one, [...pointer, key]);
    }
  }

  /** @param {Definition} definition @returns {Generator<Finding>} */
  function* byWords(definition) {
    for (const [pointer, value] of texts(definition)) {
      if (pointer.includes("extra")) continue;
      const last = String(pointer[pointer.length - 1]);
      const placeholder = PLACEHOLDER.exec(value);
      if (placeholder && !PROSE.includes(last)) {
        const message = `\`${placeholder[0]}\` is still a placeholder: replace it before the start`;
        yield { pointer, rule: "placeholder", message, warning: true };
      }
      const missing = MISSING_SLASH.exec(value);
      if (missing && last !== "description") {
        yield { pointer, rule: "missing-slash", message: `missing slash after the path variable ${missing[1]}: write \${${missing[1]}}/` };
      }
    }
  }

  /** @param {{name?: string}[]} entries @param {Pointer} pointer @param {string} what @returns {Generator<Finding>} */
  function* repeated(entries, pointer, what) {
    const seen = new Set();
    for (const [index, { name }] of entries.entries()) {
      if (seen.has(name)) {
        yield { pointer: [...pointer, index, "name"], rule: "duplicate-step", message: `duplicate ${what} \`${name}\`` };
      }
      seen.add(name);
    }
  }

  /** @param {Definition} definition @returns {Generator<Finding>} */
  function* bySteps(definition) {
    const steps = definition.steps || [];
    yield* repeated(steps, ["steps"], "step");
    /** @type {Map<string, string[]>} */
    const before = new Map(steps.map((step) => [step.name, step.prerequisites || []]));
    for (const [index, step] of steps.entries()) {
      yield* repeated(listed(step), ["steps", index, "groups"], "group");
      for (const [number, name] of (step.prerequisites || []).entries()) {
        if (!before.has(name)) {
          const message = `unknown step \`${name}\`: the steps are ${[...before.keys()].sort().join(", ")}`;
          yield { pointer: ["steps", index, "prerequisites", number], rule: "unknown-step", message };
        }
      }
    }
    const cycle = cycleOf(before);
    if (cycle.length) {
      const index = steps.findIndex((step) => cycle.includes(step.name));
      const message = `steps wait for each other: ${[...cycle, cycle[0]].join(" -> ")}; remove one of the prerequisites`;
      yield { pointer: ["steps", index, "prerequisites"], rule: "step-cycle", message };
    }
  }

  /** @param {Definition} definition @returns {Generator<Finding>} */
  function* byChecklist(definition) {
    const steps = (definition.steps || []).map((step) => step.name);
    const seen = new Set();
    for (const [index, item] of (definition.checklist || []).entries()) {
      if (seen.has(item.name)) {
        yield { pointer: ["checklist", index, "name"], rule: "duplicate-item", message: `duplicate item \`${item.name}\`` };
      }
      seen.add(item.name);
      if (item.step !== undefined && !steps.includes(item.step)) {
        const known = steps.length ? `the steps are ${[...steps].sort().join(", ")}` : "the campaign has no steps";
        const message = `unknown step \`${item.step}\`: ${known}`;
        yield { pointer: ["checklist", index, "step"], rule: "unknown-step", message };
      }
    }
  }

  /** Return steps that wait for each other. @param {Map<string, string[]>} before @returns {string[]} */
  function cycleOf(before) {
    const done = new Set();
    /** @param {string} name @param {string[]} path @returns {string[]} */
    const follow = (name, path) => {
      if (path.includes(name)) return path.slice(path.indexOf(name));
      if (done.has(name)) return [];
      for (const next of before.get(name) || []) {
        const found = follow(next, [...path, name]);
        if (found.length) return found;
      }
      done.add(name);
      return [];
    };
    for (const name of before.keys()) {
      const found = follow(name, []);
      if (found.length) return found;
    }
    return [];
  }

  /** Return why no page may link to this address, or nothing. @param {string} url */
  function urlComplaint(url) {
    if (/[\\\p{C}\p{Z}]/u.test(url)) return "an address must not contain spaces, backslashes or control characters";
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(url);
    if (!scheme || !["http", "https"].includes(scheme[1].toLowerCase())) {
      return `unsupported scheme \`${scheme ? scheme[1].toLowerCase() : url.slice(0, 20)}\``;
    }
    const place = /^[^:]*:\/\/([^/?#]*)/.exec(url);
    const host = place ? place[1].replace(/^.*@/, "").replace(/:[^:\]]*$/, "") : "";
    if (!place || !host) return "the address has no host";
    if (place[1].includes("@")) return "the address contains a user name or password";
    return URL.canParse(url) ? "" : "not an address";
  }

  /** @param {Definition} definition @returns {Generator<Finding>} */
  function* byLinks(definition) {
    for (const [index, link] of (definition.links || []).entries()) {
      const complaint = urlComplaint(link.url);
      if (complaint) yield { pointer: ["links", index, "url"], rule: "url-scheme", message: complaint };
    }
  }

  /** @param {Pointer} above @param {NonNullable<Part["data"]>} data @returns {Generator<Finding>} */
  function* byCollections(above, data) {
    /** @type {[Pointer, string][]} */
    const named = [];
    const { output, run, inputs = [], ancillary = [] } = data;
    for (const [key, name] of Object.entries({ output, run })) if (name !== undefined) named.push([[key], name]);
    for (const [key, names] of Object.entries({ inputs, ancillary })) {
      names.forEach((name, index) => named.push([[key, index], name]));
    }
    for (const [where, name] of named) {
      const found = collectionComplaint(name, where[0] === "run");
      if (found) yield { pointer: [...above, "data", ...where], ...found };
    }
  }

  /** @param {string} name @param {boolean} pattern */
  function collectionComplaint(name, pattern) {
    const unfilled = UNFILLED.exec(name);
    if (unfilled) {
      const message = `unresolved variable \`${unfilled[0]}\` in the name of a collection`;
      return { rule: "placeholder", message, warning: true };
    }
    const fields = pattern ? Array.from(name.matchAll(/\{([^}]*)\}/g), (one) => one[1]) : [];
    const strange = fields.find((field) => !RUN_FIELDS.includes(field));
    if (strange !== undefined) {
      return { rule: "collection-name", message: `\`{${strange}}\` is not a field of a RUN pattern: the fields are ${RUN_FIELDS.join(", ")}` };
    }
    const bare = pattern ? name.replace(/\{[^}]*\}/g, "x") : name;
    if (PLACEHOLDER.test(bare) || COLLECTION.test(bare)) return null;
    const message = `no collection can be named \`${short(name)}\`: use letters, digits and _ . + - @, in words separated by single slashes`;
    return { rule: "collection-name", message };
  }

  /** Whether a calendar has this day. @param {string} text */
  function isDay(text) {
    const time = /^\d{4}-\d{2}-\d{2}$/.test(text) && !text.startsWith("0000") ? new Date(`${text}T00:00:00Z`) : null;
    return time !== null && !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
  }

  /** Whether two ends, if both are there, are the wrong way round. @template {string | number} T @param {T} [first] @param {T} [last] */
  function isReversed(first, last) {
    return first !== undefined && last !== undefined && last < first;
  }

  /** @param {Pointer} above @param {Part} part @returns {Generator<Finding>} */
  function* byDays(above, part) {
    const days = (part.scope || {}).day_obs || {};
    for (const [key, number] of Object.entries(days)) {
      const day = String(number);
      if (!isDay(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`)) {
        yield { pointer: [...above, "scope", "day_obs", key], rule: "schema", message: `invalid day ${day} in \`${key}\`` };
      }
    }
    const { start, deadline } = part.plan || {};
    for (const [key, day] of Object.entries({ start, deadline })) {
      if (day !== undefined && !isDay(day)) {
        yield { pointer: [...above, "plan", key], rule: "schema", message: `invalid day ${day} in \`${key}\`` };
      }
    }
    if (isReversed(days.from, days.to)) {
      yield { pointer: [...above, "scope", "day_obs", "to"], rule: "reversed-range", message: "`to` is before `from`" };
    }
    if (isReversed(start, deadline)) {
      yield { pointer: [...above, "plan", "deadline"], rule: "reversed-range", message: "`deadline` is before `start`" };
    }
  }

  /** Yield what the rules have against a definition that has passed the schema. @param {Definition} definition @returns {Generator<Finding>} */
  function* byRules(definition) {
    yield* byWords(definition);
    yield* bySteps(definition);
    yield* byChecklist(definition);
    yield* byLinks(definition);
    for (const [pointer, part] of parts(definition)) {
      yield* byCollections(pointer, part.data || {});
      yield* byDays(pointer, part);
    }
  }

  // What the ledger has: see campledger/ledger/ledger.py.

  /** Whether there is a list of names, and this one is not on it. @param {string[] | null} names @param {string} name @returns {names is string[]} */
  function lacks(names, name) {
    return names !== null && !names.includes(name);
  }

  /** @param {Definition} definition @param {Ledger} ledger @returns {Generator<Finding>} */
  function* byLedger(definition, ledger) {
    if (definition.production !== undefined && lacks(ledger.productions, definition.production)) {
      const message = `unknown production \`${definition.production}\`: expected one of ${ledger.productions.join(", ")}`;
      yield { pointer: ["production"], rule: "unknown-production", message };
    }
    if (definition.name !== undefined && ledger.names.includes(definition.name)) {
      const message = `a campaign that is not final has the name \`${definition.name}\`: choose another`;
      yield { pointer: ["name"], rule: "duplicate-name", message };
    }
    for (const [pointer, handle] of people(definition)) {
      if (lacks(ledger.people, handle)) yield { pointer, rule: "unknown-person", message: `unknown person \`${handle}\`` };
    }
    for (const [pointer, part] of parts(definition)) {
      const { butler, include = [], exclude = [] } = part.data || {};
      if (butler !== undefined && lacks(ledger.butlers, butler)) {
        const message = `unknown Butler repository \`${butler}\`: known: ${ledger.butlers.join(", ") || "none"}`;
        yield { pointer: [...pointer, "data", "butler"], rule: "unknown-butler", message };
      }
      const instrument = (part.scope || {}).instrument;
      if (instrument !== undefined && lacks(ledger.instruments, instrument)) {
        const message = `unknown instrument \`${instrument}\`: known: ${ledger.instruments.join(", ")}`;
        yield { pointer: [...pointer, "scope", "instrument"], rule: "unknown-instrument", message };
      }
      for (const [key, sets] of Object.entries({ include, exclude })) {
        for (const [index, set] of sets.entries()) {
          if (!ledger.sets.includes(set.split("@")[0])) {
            const message = `unknown DataId set \`${set}\` in dataids/: if it is a file of the campaign, add that file too`;
            yield { pointer: [...pointer, "data", key, index], rule: "missing-file", message, warning: true };
          }
        }
      }
    }
  }

  /** @param {Definition} definition @returns {Generator<[Pointer, string]>} */
  function* people(definition) {
    if (definition.owner !== undefined) yield [["owner"], definition.owner];
    for (const [pointer, part] of parts(definition)) {
      for (const [index, handle] of (part.operators || []).entries()) yield [[...pointer, "operators", index], handle];
    }
  }

  /**
   * Return what is wrong with a definition; the rules look only at one whose parts the schema lets pass.
   * @param {Definition} definition @param {Rule} schema @param {Ledger} ledger @returns {Finding[]}
   */
  function findings(definition, schema, ledger) {
    const found = [...bySchema(definition, schema, schema)];
    const whole = found.every((finding) => finding.missing && finding.pointer.length === 1);
    return whole ? [...found, ...byRules(definition), ...byLedger(definition, ledger)] : found;
  }

  window.campledgerCheck = { findings, resolved };
})();
