(() => {
  // a run of a claim's page: the best is chosen, a link may choose another
  const chosen = [...document.querySelectorAll(".runs input")];
  const show = () => {
    for (const input of chosen) document.getElementById(input.value).hidden = !input.checked;
  };
  for (const input of chosen)
    input.addEventListener("change", () => {
      history.replaceState(null, "", `#${input.value}`);
      show();
    });
  // words and states that are looked for
  const bar = document.querySelector(".filter");
  const buttons = bar ? [...bar.querySelectorAll("button")] : [];
  const words = bar?.querySelector("input");
  const said = bar?.querySelector("output");
  const rows = [...document.querySelectorAll("tr[data-verdict]")];
  const chapters = [...document.querySelectorAll("details.chapter")];
  let sought = false;
  const apply = () => {
    const states = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.value);
    const parts = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.dataset.words;
      const fits = (!states.length || states.includes(row.dataset.verdict)) && parts.every((part) => text.includes(part));
      row.hidden = !fits;
      shown += fits;
    }
    const now = states.length > 0 || parts.length > 0;
    for (const chapter of chapters) {
      chapter.hidden = !chapter.querySelector("tr[data-verdict]:not([hidden])");
      if (now) chapter.open = true;
      else if (sought) chapter.open = false;
    }
    sought = now;
    said.textContent = now ? `${shown} of ${rows.length} claims` : `${rows.length} claims`;
  };
  const reset = () => {
    for (const button of buttons) button.setAttribute("aria-pressed", "false");
    words.value = "";
    apply();
  };
  for (const button of buttons)
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  words?.addEventListener("input", () => {
    apply();
    const hash = words.value.trim() ? `#q=${encodeURIComponent(words.value.trim())}` : "#claims";
    history.replaceState(null, "", hash);
  });
  // a link must find what it names, whatever is folded, filtered or not chosen
  const reveal = () => {
    const hash = location.hash.slice(1);
    if (words && hash.startsWith("q=")) {
      try {
        words.value = decodeURIComponent(hash.slice(2));
      } catch {
        words.value = hash.slice(2);
      }
      apply();
      document.getElementById("claims").scrollIntoView();
      return;
    }
    const target = document.getElementById(hash);
    if (!target) return;
    for (const input of chosen) if (target.closest(`[id="${input.value}"]`)) input.checked = true;
    show();
    if (bar && target.closest("[hidden]")) reset();
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    if (target.matches("section")) for (const fold of target.querySelectorAll(":scope > details.fold")) fold.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  // paper shows all
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const fold of folded) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of folded) fold.open = false;
  });
  if (bar) {
    bar.hidden = false;
    apply();
  }
  show();
  if (location.hash) reveal();
})();
