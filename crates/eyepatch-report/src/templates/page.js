"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  const theme = byId("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; name(); });
  system.addEventListener("change", name);
  theme.hidden = false;
  name();

  // The result byte for byte, never parsed: JavaScript would round large seeds. Only what a script element cannot hold
  // was escaped. Escapes are read in pairs, so that a backslash of the text's own stays one.
  const escape = /\\(?:u(003[ce]|0026|202[89])|[^])/g;
  const original = () => byId("result").textContent.replace(
    escape, (all, code) => code ? String.fromCharCode(Number.parseInt(code, 16)) : all);
  const download = byId("download");
  download.addEventListener("click", () => {
    const text = original();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "result.json";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  download.hidden = false;

  // A click on a column's head sorts by it: numbers as numbers, the rest as text, missing values last.
  const value = (row, column) => row.cells[column].textContent.trim();
  const number = (text) => Number.parseFloat(text.replace(/\u2212/g, "-").replace(/[,<\u00a0\[]/g, ""));
  for (const head of document.querySelectorAll(".sortable th[scope=col]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const numeric = head.classList.contains("num");
      const body = head.closest("table").tBodies[0];
      const rows = Array.from(body.rows, (row) => [row, value(row, head.cellIndex)]);
      rows.sort(([, a], [, b]) => {
        if (!numeric) return (up ? 1 : -1) * a.localeCompare(b, "en", { numeric: true });
        const [x, y] = [number(a), number(b)];
        if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y);
        return up ? x - y : y - x;
      });
      body.append(...rows.map(([row]) => row));
    });
  }

  // A point at a figure: its image, and the same sample in all panels of the section.
  for (const section of document.querySelectorAll(".probe")) {
    const [names, sheet] = [section.querySelector(".samples"), section.querySelector(".thumbnails")];
    if (!names) continue;
    const samples = Array.from(names.children, (name) => name.textContent);
    const scale = 2;
    let tip = null;
    const leave = () => {
      for (const on of section.querySelectorAll(".pt.on")) on.classList.remove("on");
      section.classList.remove("pointing");
      if (tip) tip.remove();
      tip = null;
    };
    const show = (point) => {
      leave();
      const i = Number(point.dataset.i);
      section.classList.add("pointing");
      for (const same of section.querySelectorAll(`.pt[data-i="${i}"]`)) same.classList.add("on");
      tip = document.createElement("div");
      tip.className = "thumb";
      if (sheet) {
        const [size, row] = [Number(sheet.dataset.size), Number(sheet.dataset.row)];
        const [box, picture] = [document.createElement("div"), sheet.firstElementChild.cloneNode()];
        picture.alt = "";
        box.style.width = box.style.height = `${size * scale}px`;
        picture.style.width = `${picture.width * scale}px`;
        picture.style.height = "auto";
        picture.style.left = `${-(i % row) * size * scale}px`;
        picture.style.top = `${-Math.floor(i / row) * size * scale}px`;
        box.append(picture);
        tip.append(box);
      }
      tip.append(samples[i] ?? "");
      document.body.append(tip);
      const at = point.getBoundingClientRect();
      tip.style.left = `${Math.min(at.right + 10, innerWidth - tip.offsetWidth - 8) + scrollX}px`;
      tip.style.top = `${at.bottom + 8 + scrollY}px`;
    };
    section.addEventListener("pointerover", (e) => {
      const point = e.target.closest(".pt");
      if (point) show(point); else leave();
    });
    section.addEventListener("pointerleave", leave);
  }

  // Paper cannot be unfolded.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = Array.from(document.querySelectorAll("details:not([open])"));
    for (const d of closed) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of closed) d.open = false; });
})();
