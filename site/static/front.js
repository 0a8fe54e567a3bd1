"use strict";
// What the front page gains in a browser: silence by the reader's own clock, and a calendar walked by arrow keys.

(function () {
  /** Say of what runs that nothing was recorded for long by now, beyond what was so when the page was built. */
  function silence() {
    const frame = document.getElementById("running-frame");
    if (!frame) return;
    const limit = Number(frame.dataset.silentDays) * 86400_000;
    for (const line of frame.querySelectorAll(".f-line[data-last]")) {
      const where = line.querySelector(".f-where");
      if (!where || Date.now() - Date.parse(line.getAttribute("data-last") || "") <= limit) continue;
      const flag = document.createElement("span");
      flag.className = "flag";
      flag.textContent = "silent for long";
      where.append(" ", flag);
    }
  }

  /** One tab stop a calendar; arrows go from night to night, Home and End to the first and the last. */
  function calendar() {
    /** @type {NodeListOf<SVGSVGElement>} */
    const drawings = document.querySelectorAll(".f-calendar svg");
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
    for (const drawing of drawings) {
      const nights = Array.from(drawing.querySelectorAll("a"));
      nights.forEach((night, number) => night.setAttribute("tabindex", number === nights.length - 1 ? "0" : "-1"));
      drawing.addEventListener("keydown", (event) => {
        const here = nights.findIndex((night) => night === document.activeElement);
        const step = steps[event.key];
        let next = step === undefined ? undefined : nights[here + step];
        if (event.key === "Home") next = nights[0];
        if (event.key === "End") next = nights[nights.length - 1];
        if (here < 0 || step === undefined && event.key !== "Home" && event.key !== "End") return;
        event.preventDefault();
        if (!next) return;
        nights[here].setAttribute("tabindex", "-1");
        next.setAttribute("tabindex", "0");
        next.focus();
      });
    }
  }

  silence();
  calendar();
})();
