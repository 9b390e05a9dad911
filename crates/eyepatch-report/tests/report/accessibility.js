(() => {
  const faults = [];
  const where = (e) => `${e.nodeName.toLowerCase()}${e.id ? "#" + e.id : ""}.${e.getAttribute("class") ?? ""} "${(e.textContent ?? "").trim().slice(0, 40)}"`;
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const fault = (rule, e) => faults.push(`${rule}: ${where(e)}`);
  const shown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";

  if (!document.documentElement.lang) fault("html-has-lang", document.documentElement);
  for (const tag of ["main", "nav", "header", "footer", "h1"]) if (all(tag).length === 0) faults.push(`landmark: no ${tag}`);
  if (all("main").length !== 1 || all("h1").length !== 1) faults.push("landmark: main and h1 are there once");
  const ids = new Set();
  for (const e of all("[id]")) { if (ids.has(e.id)) fault("unique-id", e); ids.add(e.id); }
  for (const e of all("img")) if (!e.hasAttribute("alt")) fault("image-alt", e);
  for (const e of all("svg")) {
    if (e.getAttribute("aria-hidden") !== "true" && !e.getAttribute("aria-label")) fault("svg-name", e);
  }
  for (const e of all("button, a[href], summary, [role=group]")) {
    const labelled = (e.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "");
    if (!(e.getAttribute("aria-label") || labelled.join("") || e.textContent).trim()) fault("name", e);
  }
  const landmarks = new Set();
  for (const e of all("section[aria-labelledby], article[aria-labelledby]")) {
    const name = e.getAttribute("aria-labelledby").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    if (landmarks.has(name)) fault("landmark-unique", e);
    landmarks.add(name);
  }
  let level = 1;
  for (const e of all("h1, h2, h3, h4, h5, h6")) {
    const next = Number(e.nodeName[1]);
    if (next > level + 1) fault(`heading-order ${level} to ${next}`, e);
    level = next;
  }
  for (const e of all("th")) if (!e.scope) fault("th-scope", e);
  for (const e of all("table")) if (!e.querySelector("th")) fault("table-header", e);
  for (const e of all("[aria-hidden=true], [hidden]")) {
    if (e.matches("a[href], button, [tabindex]") && !e.hidden) fault("hidden-focus", e);
    for (const inner of e.querySelectorAll("a[href], button, [tabindex]")) if (shown(inner)) fault("hidden-focus", inner);
  }

  const colour = (text) => {
    const n = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return [n[0], n[1], n[2], n[3] ?? 1];
  };
  const over = (front, back) => [0, 1, 2].map((i) => front[i] * front[3] + back[i] * (1 - front[3]));
  const ground = (e) => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) {
      const c = colour(getComputedStyle(at).backgroundColor);
      layers.push(c);
      if (c[3] === 1) break;
    }
    return layers.reverse().reduce((back, front) => over(front, back), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const theme of ["light", "dark"]) {
    document.documentElement.dataset.theme = theme;
    for (const d of all("details")) d.open = true;
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      const e = node.parentElement;
      if (!node.data.trim() || !shown(e) || e.closest("script, style, .unseen, [aria-hidden=true]")) continue;
      const style = getComputedStyle(e);
      const back = ground(e);
      const front = over(colour(e.closest("svg") ? style.fill : style.color), back);
      const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < 4.5) fault(`contrast ${theme} ${ratio.toFixed(2)}`, e);
    }
  }
  const said = document.createElement("pre");
  said.id = "faults";
  said.textContent = `${faults.length} faults\n${Array.from(new Set(faults)).join("\n")}`;
  document.body.append(said);
})();
