(() => {
  const bar = document.querySelector(".filter");
  if (!bar) return;
  bar.hidden = false;
  const buttons = [...bar.querySelectorAll("button")];
  const words = bar.querySelector("input");
  const said = bar.querySelector("output");
  const rows = [...document.querySelectorAll("tr[data-verdict]")];
  const apply = () => {
    const chosen = buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.value);
    const sought = words.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (!chosen.length || chosen.includes(row.dataset.verdict)) && row.textContent.toLowerCase().includes(sought);
      row.hidden = !fits;
      shown += fits;
    }
    for (const chapter of document.querySelectorAll("section.chapter"))
      chapter.hidden = !chapter.querySelector("tr[data-verdict]:not([hidden])");
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
  // a link to a claim must find it, whatever is filtered
  addEventListener("hashchange", () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.closest("[hidden]")) { reset(); target.scrollIntoView(); }
  });
  apply();
})();
