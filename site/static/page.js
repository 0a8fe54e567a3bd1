"use strict";
// What a page gains in a browser: ages by the reader's own clock, buttons that copy, and submissions that open when
// a link leads to them. Pages are complete without it.

(function () {
  /** @type {Array<[number, string]>} */
  const UNITS = [
    [365 * 86400, "y"],
    [30 * 86400, "mo"],
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
  ];

  /** Return a length of time in its largest unit, such as "3 d". @param {number} seconds */
  function length(seconds) {
    for (const [size, unit] of UNITS) {
      if (seconds >= size) return `${Math.floor(seconds / size)} ${unit}`;
    }
    return "moments";
  }

  /** @param {HTMLTimeElement} time @param {string} words @param {string} style */
  function suffix(time, words, style) {
    const age = document.createElement("span");
    age.className = style;
    age.textContent = words;
    time.after(" ", age);
  }

  /** @param {string} iso */
  function age(iso) {
    const seconds = (Date.now() - Date.parse(iso)) / 1000;
    return seconds >= 0 ? `${length(seconds)} ago` : "";
  }

  /** Return in words how far off a deadline is. @param {string} day */
  function left(day) {
    // A deadline is a day: it has passed once that day is over.
    const seconds = Date.parse(`${day}T00:00:00Z`) / 1000 + 86400 - Date.now() / 1000;
    if (Number.isNaN(seconds)) return "";
    return seconds < 0 ? `${length(-seconds)} over` : `in ${length(seconds)}`;
  }

  function ages() {
    for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time.aged"))) {
      const words = age(time.dateTime);
      if (words) suffix(time, words, "age");
    }
    for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (document.querySelectorAll("time.due"))) {
      const words = left(time.dateTime);
      if (words) suffix(time, words, words.endsWith("over") ? "age over" : "age");
    }
  }

  /** @param {string} iso @param {string} text @param {string} words @param {string} style */
  function timed(iso, text, words, style) {
    const time = document.createElement("time");
    const suffixed = document.createElement("span");
    time.dateTime = iso;
    time.textContent = text;
    suffixed.className = style;
    suffixed.textContent = words;
    return words ? [time, " ", suffixed] : [time];
  }

  /** Return the nodes that show when something happened, for pages made in the browser. @param {string} iso */
  function moment(iso) {
    return timed(iso, `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`, age(iso), "age");
  }

  /** Return the nodes that show a deadline. @param {string} day @param {boolean} counts  whether it still matters */
  function deadline(day, counts) {
    const words = counts ? left(day) : "";
    return timed(day, day, words, words.endsWith("over") ? "age over" : "age");
  }

  /** @param {string} text */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "vh";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  }

  function copyButtons() {
    for (const code of document.querySelectorAll("code.copy")) {
      const button = document.createElement("button");
      const text = code.textContent;
      button.type = "button";
      button.className = "copier";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy ${text}`);
      button.addEventListener("click", async () => {
        await copy(text);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
      code.after(button);
    }
  }

  /** Name the commit that the whole site was built from: pages do not hold it, so as not to change with each. */
  function built() {
    const commit = window.campledgerBuilt?.commit;
    if (!commit) return;
    for (const place of document.querySelectorAll("[data-built]")) {
      const hash = document.createElement("code");
      hash.textContent = commit.hash;
      place.replaceChildren(`from ${commit.worktree ? "the work tree on " : ""}commit `, hash, ` of ${commit.time.text}.`);
    }
  }

  function openTarget() {
    const target = document.getElementById(location.hash.slice(1));
    const details = target && target.closest("details");
    if (details) {
      details.open = true;
      target.scrollIntoView();
    }
  }

  window.campledgerPage = { copy, moment, deadline };
  // Once the other scripts have run, one of which may make the table anew.
  document.addEventListener("DOMContentLoaded", () => {
    ages();
    built();
    copyButtons();
    openTarget();
  });
  window.addEventListener("hashchange", openTarget);
})();
