"use strict";
// The form that defines a campaign: made from the JSON Schema, checked as one types, shown as YAML, and handed to the
// git host's page for a new file, or downloaded. #from=ID in the address starts from that campaign's definition.

(function () {
  const { schema, left_out: leftOut, modeline, alphabet, commit, new_file: newFile } = window.campledgerLedger;
  const ledger = window.campledgerLedger;
  const LONGEST = 8000; // characters of an address that git hosts still take
  const SHOWN = 12; // problems that are listed
  const ID = /^[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9]+(?:-[a-z0-9]+)*-[a-z0-9]{4}$/;
  const STORE = `campledger-new:${location.pathname}`;

  const at = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const go = /** @type {HTMLAnchorElement} */ (at("nf-go"));
  const source = /** @type {HTMLInputElement} */ (at("nf-from"));
  let strict = false;
  let waiting = false;
  let listed = "";
  let from = "";
  let current = { id: "", path: "", text: "", errors: 0 };
  const suffix = random(4);

  /** @param {number} length */
  function random(length) {
    let text = "";
    // Bytes past the last whole round of the alphabet would favour its first letters.
    const limit = 256 - (256 % alphabet.length);
    while (text.length < length) {
      const [byte] = crypto.getRandomValues(new Uint8Array(1));
      if (byte < limit) text += alphabet[byte % alphabet.length];
    }
    return text;
  }

  /** @param {string} name */
  function idOf(name) {
    const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60).replace(/-+$/, "") || "campaign";
    return `${new Date().toISOString().slice(0, 10)}-${slug}-${suffix}`;
  }

  /** Return what is filled in, right or wrong. @returns {Definition} */
  function filled() {
    return form.value() || {};
  }

  /** @param {string[]} path @returns {Offer[]} */
  function offers(path) {
    const key = path[path.length - 1];
    const plain = (/** @type {string[] | null | undefined} */ names) => (names || []).map((value) => ({ value }));
    if (key === "production") return (ledger.productions || []).map((value) => ({ value, words: `${value} \u2013 ${ledger.titles[value]}` }));
    if (key === "owner" || key === "operators") return (ledger.people || []).map((value) => ({ value, words: ledger.person_names[value] }));
    if (key === "butler") return plain(ledger.butlers);
    if (key === "include" || key === "exclude") return plain(ledger.sets);
    if (key === "instrument" && ledger.instruments) return plain(ledger.instruments);
    if (key === "prerequisites") return plain((filled().steps || []).map((step) => step.name).filter(Boolean));
    return plain(ledger.used[path.slice(-2).join(".")]);
  }

  const form = window.campledgerFields.fields(
    schema,
    [],
    {
      schema,
      offers,
      changed: () => {
        if (!waiting) requestAnimationFrame(show);
        waiting = true;
      },
      say: (words) => { at("nf-live").textContent = words; },
      strict: () => strict,
    },
    leftOut.filter((key) => key !== "extra"),
  );

  function show() {
    waiting = false;
    const values = filled();
    const findings = window.campledgerCheck.findings(values, schema, ledger);
    const id = idOf(typeof values.name === "string" ? values.name : "");
    current = {
      id,
      path: `campaigns/${id.slice(0, 4)}/${id.slice(5, 7)}/${id}/campaign.yaml`,
      text: modeline + window.campledgerYaml.format({ id, ...values }),
      errors: findings.filter((finding) => !finding.warning).length,
    };
    form.tell(findings);
    at("nf-path").textContent = current.path;
    at("nf-yaml").textContent = current.text;
    list(findings);
    address();
    keep(values);
  }

  /** @param {Finding[]} findings */
  function list(findings) {
    // A press takes the focus from a box, which changes the form: the button under it must live until its click.
    const now = JSON.stringify(findings);
    if (now === listed) return;
    listed = now;
    const warnings = findings.length - current.errors;
    const counted = (/** @type {number} */ number, /** @type {string} */ one) => `${number} ${number === 1 ? one : `${one}s`}`;
    const words = current.errors ? `${counted(current.errors, "problem")} to correct.` : "No problems.";
    const told = warnings ? `${words} ${counted(warnings, "warning")}.` : words;
    if (at("nf-count").textContent !== told) at("nf-count").textContent = told;
    const items = findings.slice(0, SHOWN).map((finding) => {
      const item = window.campledgerFields.make("li", finding.warning ? "warning" : "error");
      const link = window.campledgerFields.make("button", "quiet", place(finding.pointer));
      link.type = "button";
      link.addEventListener("click", () => {
        strict = true;
        show();
        form.reveal(finding.pointer);
      });
      item.append(link, " ", finding.message);
      return item;
    });
    if (findings.length > SHOWN) items.push(window.campledgerFields.make("li", "hint", `and ${findings.length - SHOWN} more`));
    at("nf-problems").replaceChildren(...items);
  }

  /** Return in words where a finding stands. @param {Pointer} pointer */
  function place(pointer) {
    return pointer.map((part) => (typeof part === "number" ? String(part + 1) : part)).join(" \u203a ") || "the definition";
  }

  /** Point the link at the git host's page, with the content if the address can hold it. */
  function address() {
    if (!newFile) return;
    const fill = (/** @type {string} */ content) => newFile
      .replaceAll("{path}", encodeURIComponent(current.path))
      .replaceAll("{content}", encodeURIComponent(content));
    const whole = fill(current.text);
    const fits = newFile.includes("{content}") && whole.length <= LONGEST;
    go.dataset.copy = fits ? "" : "yes";
    go.setAttribute("href", current.errors ? "#nf-form" : fits ? whole : fill(""));
    go.target = current.errors ? "" : "_blank";
    go.classList.toggle("nf-wait", current.errors > 0);
    at("nf-next").textContent = fits
      ? "There you propose it as a pull request, or commit it if you are allowed to."
      : "The definition is too long for the page's address. Opening the page copies it: paste it there as the content of the file.";
  }

  /** Remember what is filled in, for when one comes back to this page. @param {Definition} values */
  function keep(values) {
    try {
      if (Object.keys(values).length) sessionStorage.setItem(STORE, JSON.stringify({ from, values }));
      else sessionStorage.removeItem(STORE);
    } catch {
      // Without a store the form works all the same.
    }
  }

  /** @returns {{from: string, values: Definition} | null} */
  function kept() {
    try {
      return JSON.parse(sessionStorage.getItem(STORE) || "null");
    } catch {
      return null;
    }
  }

  /** @param {string} words */
  function tell(words) {
    at("nf-told").textContent = words;
  }

  /** Fill the form from a campaign's definition. @param {string} id */
  function start(id) {
    if (!ID.test(id)) {
      tell(`${id || "Nothing"} is not a campaign id; expected one like 2026-11-22-dp02-test-med-1-k7mq.`);
      return;
    }
    const script = document.createElement("script");
    script.src = `static/definitions/${id}.js`;
    script.onload = () => {
      script.remove();
      const { definition, files } = window.campledgerDefinition;
      from = id;
      form.fill({ ...definition, derived_from: commit ? `${id}@${commit}` : id });
      show();
      const lost = files.length ? ` Its ${files.length === 1 ? "file is" : `${files.length} files are`} not copied: campledger define --from ${id} copies them.` : "";
      tell(`Filled in from ${id}: choose another name.${lost}`);
      form.reveal(["name"]);
      document.activeElement instanceof HTMLInputElement && document.activeElement.select();
    };
    script.onerror = () => {
      script.remove();
      tell(`Unknown campaign ${id}: it is not on this site.`);
    };
    document.head.append(script);
  }

  function fromAddress() {
    return new URLSearchParams(location.hash.slice(1)).get("from") || "";
  }

  async function copy() {
    try {
      await navigator.clipboard.writeText(current.text);
    } catch {
      const area = window.campledgerFields.make("textarea", "vh");
      area.value = current.text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    at("nf-live").textContent = "The definition is copied.";
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([current.text], { type: "application/yaml" }));
    link.download = "campaign.yaml";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    at("nf-live").textContent = "The definition is downloaded.";
  }

  function begin() {
    at("nf-form").append(form.element);
    at("nf-form").addEventListener("submit", (event) => event.preventDefault());
    at("nf-starts").append(...ledger.starts.map((id) => new Option("", id)));
    at("nf-start").addEventListener("submit", (event) => {
      event.preventDefault();
      const id = source.value.trim();
      if (fromAddress() === id) start(id);
      else location.hash = `from=${encodeURIComponent(id)}`;
    });
    go.hidden = !newFile;
    go.addEventListener("click", (event) => {
      if (current.errors) {
        event.preventDefault();
        complain();
      } else if (go.dataset.copy) {
        copy();
      }
    });
    at("nf-save").addEventListener("click", save);
    at("nf-copy").addEventListener("click", copy);
    at("nf-clear").addEventListener("click", () => {
      strict = false;
      from = "";
      form.fill(undefined);
      history.replaceState(null, "", location.pathname + location.search);
      tell("This replaces what is in the form.");
      show();
      form.reveal(["name"]);
    });
    window.addEventListener("hashchange", () => fromAddress() && start(fromAddress()));
    at("nf-next").textContent = newFile ? "" : "Put the file into the ledger at this path, or run: campledger define --file campaign.yaml, which gives it a new id.";
    /** @type {HTMLDetailsElement} */ (at("nf-template")).open = false;
    at("nf").hidden = false;
    const draft = kept();
    if (draft && draft.values && (fromAddress() === "" || fromAddress() === draft.from)) {
      from = draft.from;
      form.fill(draft.values);
      tell("Restored from your last visit.");
    } else if (fromAddress()) {
      start(fromAddress());
    }
    show();
  }

  /** Show all that is missing, and go to the first of it. */
  function complain() {
    strict = true;
    show();
    const first = window.campledgerCheck.findings(filled(), schema, ledger).find((finding) => !finding.warning);
    if (first) form.reveal(first.pointer);
  }

  begin();
})();
