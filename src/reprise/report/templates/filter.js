(() => {
  const bar = document.querySelector(".filter");
  if (!bar) return;
  bar.hidden = false;
  const buttons = [...bar.querySelectorAll("button")];
  const words = bar.querySelector("input");
  const said = bar.querySelector("output");
  const rows = [...document.querySelectorAll("tr[data-verdict]")];
  const chapters = [...document.querySelectorAll("details.chapter")];
  const apply = () => {
    const chosen = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.value);
    const sought = words.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (!chosen.length || chosen.includes(row.dataset.verdict)) && row.textContent.toLowerCase().includes(sought);
      row.hidden = !fits;
      shown += fits;
    }
    for (const chapter of chapters) {
      chapter.hidden = !chapter.querySelector("tr[data-verdict]:not([hidden])");
      if (chosen.length || sought) chapter.open = true;
    }
    said.textContent = `${shown} of ${rows.length} claims`;
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
  words.addEventListener("input", apply);
  // a link to a claim must find it, whatever is folded or filtered
  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    if (target.closest("[hidden]")) reset();
    const chapter = target.closest("details");
    if (chapter) chapter.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (matchMedia("(max-width: 48rem)").matches) for (const chapter of chapters) chapter.open = false;
  apply();
  if (location.hash) reveal();
})();
