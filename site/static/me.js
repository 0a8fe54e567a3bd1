"use strict";
// Who reads: a handle chosen once, kept in this browser and nowhere else. What has it among its people is marked.

(function () {
  const KEY = "campledger.me";
  const MOST = 8; // as many of each person's campaigns as the front page holds

  /** @returns {string} */
  function remembered() {
    try {
      return localStorage.getItem(KEY) || "";
    } catch {
      return ""; // a browser may forbid pages to keep anything
    }
  }

  /** @param {string} handle */
  function remember(handle) {
    try {
      if (handle) localStorage.setItem(KEY, handle);
      else localStorage.removeItem(KEY);
    } catch {
      // then it holds for this page only
    }
  }

  /** @param {Element} one @param {string} me */
  function isMine(one, me) {
    return me !== "" && (one.getAttribute("data-people") || "").split(" ").includes(me);
  }

  /** @param {string} me */
  function mark(me) {
    for (const one of document.querySelectorAll("[data-people]")) {
      one.classList.toggle("yours", isMine(one, me));
    }
  }

  /** Show what is whose. @param {string} me */
  function show(me) {
    mark(me);
    const mine = document.getElementById("mine");
    if (mine) {
      const lines = /** @type {HTMLElement[]} */ (Array.from(mine.querySelectorAll(".f-line")));
      for (const line of lines) line.hidden = !isMine(line, me);
      const count = lines.filter((line) => !line.hidden).length;
      mine.hidden = me === "";
      document.getElementById("mine-count").textContent = count ? String(count) : "";
      document.getElementById("mine-none").hidden = count > 0;
      document.getElementById("mine-all").hidden = count < MOST;
    }
    counts(me);
    first(me);
  }

  /** Show what a query finds that asks for `me`. @param {string} me */
  function counts(me) {
    for (const one of document.querySelectorAll("[data-counts]")) {
      const all = one.getAttribute("data-counts").split(" ").map((entry) => entry.split("="));
      const found = all.find((entry) => entry[0] === me);
      const words = document.createElement("span");
      words.className = "f-ask";
      words.textContent = "by person";
      one.replaceChildren(me ? (found ? found[1] : "0") : words);
    }
  }

  /** Put one's own cards before the others', each in the order that the page had. @param {string} me */
  function first(me) {
    const list = document.getElementById("waiting-cards");
    if (!list) return;
    const folded = document.getElementById("waiting-folded");
    const all = /** @type {HTMLElement[]} */ ([list, folded].flatMap((one) => (one ? Array.from(one.children) : [])));
    const atOnce = list.children.length;
    all.forEach((card, number) => { card.dataset.place = card.dataset.place || String(number); });
    all.sort((a, b) => Number(isMine(b, me)) - Number(isMine(a, me)) || Number(a.dataset.place) - Number(b.dataset.place));
    list.append(...all.slice(0, atOnce));
    if (folded) folded.append(...all.slice(atOnce));
    const count = all.filter((one) => isMine(one, me)).length;
    document.getElementById("waiting-mine").textContent = count ? `, ${count} of them ${count === 1 ? "is" : "are"} yours` : "";
  }

  function choose() {
    const select = /** @type {HTMLSelectElement} */ (document.getElementById("me"));
    let me = remembered();
    if (select) {
      const link = document.getElementById("me-page");
      const known = Array.from(select.options).find((option) => option.value === me);
      if (!known) me = ""; // somebody of another ledger on the same host
      select.value = me;
      const follow = () => {
        const page = select.selectedOptions[0].dataset.page;
        link.hidden = !page;
        for (const one of document.querySelectorAll("#me-page, #mine-all a")) {
          one.setAttribute("href", page || "people/index.html");
        }
        show(select.value);
      };
      select.addEventListener("change", () => {
        remember(select.value);
        follow();
      });
      document.getElementById("me-chooser").hidden = false;
      follow();
    } else {
      show(me);
    }
    window.addEventListener("storage", (event) => {
      if (event.key !== KEY && event.key !== null) return;
      const now = remembered();
      if (select) {
        select.value = now;
        select.dispatchEvent(new Event("change"));
      } else {
        show(now);
      }
    });
  }

  choose();
})();
