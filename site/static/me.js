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

  // What a page lacks is passed over: a ledger's own templates may leave it out.

  /** @param {string} id @param {string} text */
  function say(id, text) {
    const one = document.getElementById(id);
    if (one) one.textContent = text;
  }

  /** @param {string} id @param {boolean} yes */
  function hide(id, yes) {
    const one = document.getElementById(id);
    if (one) one.hidden = yes;
  }

  /** Show what is whose. @param {string} me */
  function show(me) {
    mark(me);
    const mine = document.getElementById("mine");
    if (mine) {
      /** @type {NodeListOf<HTMLElement>} */
      const lines = mine.querySelectorAll(".f-line");
      for (const line of lines) line.hidden = !isMine(line, me);
      const count = Array.from(lines).filter((line) => !line.hidden).length;
      mine.hidden = me === "";
      say("mine-count", count ? String(count) : "");
      hide("mine-none", count > 0);
      hide("mine-all", count < MOST);
    }
    counts(me);
    first(me);
  }

  /** Show what a query finds that asks for `me`. @param {string} me */
  function counts(me) {
    for (const one of document.querySelectorAll("[data-counts]")) {
      const all = (one.getAttribute("data-counts") || "").split(" ").map((entry) => entry.split("="));
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
    say("waiting-mine", count ? `, ${count} of them ${count === 1 ? "is" : "are"} yours` : "");
  }

  /** Lead to the page of who is chosen, and show what is theirs. @param {HTMLSelectElement} select */
  function follow(select) {
    const page = select.selectedOptions[0]?.dataset.page;
    hide("me-page", !page);
    for (const one of document.querySelectorAll("#me-page, #mine-all a")) {
      one.setAttribute("href", page || "people/index.html");
    }
    show(select.value);
  }

  /** Show who is remembered. @param {HTMLSelectElement | null} select */
  function recall(select) {
    const me = remembered();
    if (select) {
      // It may be somebody of another ledger on the same host, which stays so there.
      const known = Array.from(select.options).some((option) => option.value === me);
      select.value = known ? me : "";
      follow(select);
    } else {
      show(me);
    }
  }

  function choose() {
    const select = /** @type {HTMLSelectElement | null} */ (document.getElementById("me"));
    if (select) {
      select.addEventListener("change", () => {
        remember(select.value);
        follow(select);
      });
      hide("me-chooser", false);
    }
    window.addEventListener("storage", (event) => {
      if (event.key === KEY || event.key === null) recall(select);
    });
    recall(select);
  }

  choose();
})();
