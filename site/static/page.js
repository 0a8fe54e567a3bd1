"use strict";
// What a page gains in a browser: ages by the reader's own clock, buttons that copy, and submissions that open when
// a link leads to them. Pages are complete without it.

(function () {
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

  function ages() {
    const now = Date.now();
    for (const time of document.querySelectorAll("time.aged")) {
      const seconds = (now - Date.parse(time.dateTime)) / 1000;
      if (seconds >= 0) suffix(time, `${length(seconds)} ago`, "age");
    }
    for (const time of document.querySelectorAll("time.due")) {
      // A deadline is a day: it has passed once that day is over.
      const seconds = Date.parse(`${time.dateTime}T00:00:00Z`) / 1000 + 86400 - now / 1000;
      if (!Number.isNaN(seconds)) {
        suffix(time, seconds < 0 ? `${length(-seconds)} over` : `in ${length(seconds)}`, seconds < 0 ? "age over" : "age");
      }
    }
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

  function openTarget() {
    const target = document.getElementById(location.hash.slice(1));
    const details = target && target.closest("details");
    if (details) {
      details.open = true;
      target.scrollIntoView();
    }
  }

  ages();
  copyButtons();
  window.addEventListener("hashchange", openTarget);
  openTarget();
})();
