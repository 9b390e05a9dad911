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
    save("result.json", new Blob([original()], { type: "application/json" }));
  });
  download.hidden = false;

  const save = (name, blob) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    // Not at once: some browsers read it only after the click is over.
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const fileName = (element, rest) => {
    const said = element.getAttribute("aria-label") || element.querySelector("caption")?.textContent || "table";
    const from = element.closest("section[id]")?.id ?? "report";
    const words = said.split(/[:.]/)[0].trim().replace(/[^A-Za-z0-9]+/g, "-").slice(0, 60);
    return `${from}-${words}`.replace(/^-+|-+$/g, "") + rest;
  };
  const offer = (after, buttons) => {
    const line = document.createElement("p");
    line.className = "get";
    for (const [text, label, act] of buttons) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = text;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", act);
      line.append(button);
    }
    after.after(line);
  };

  // A table as CSV: one row a row, cells that span others repeated, formulas of spreadsheets disarmed.
  const words = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.nodeName === "svg" || node.nodeName === "SVG") return "";
    return Array.from(node.childNodes, words).join(node.nodeName === "TD" || node.nodeName === "TH" ? " " : "");
  };
  const csvCell = (cell) => {
    let text = words(cell).replace(/\s+/g, " ").trim();
    if (/^\u2212[\d.]+$/.test(text)) text = text.replace("\u2212", "-");
    if (/^[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) && !/^[+-]?[\d.]+$/.test(text)) text = `'${text}`;
    return /[",]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  const csv = (table) => {
    const grid = [];
    Array.from(table.rows).forEach((row, y) => {
      grid[y] ??= [];
      let x = 0;
      for (const cell of row.cells) {
        while (grid[y][x] !== undefined) x += 1;
        const text = csvCell(cell);
        for (let i = 0; i < cell.rowSpan; i += 1) {
          grid[y + i] ??= [];
          for (let j = 0; j < cell.colSpan; j += 1) grid[y + i][x + j] = text;
        }
        x += cell.colSpan;
      }
    });
    return grid.map((row) => Array.from(row, (text) => text ?? "").join(",") + "\r\n").join("");
  };
  for (const table of document.querySelectorAll("main table")) {
    const box = table.closest(".scroll") ?? table;
    const name = box.getAttribute("aria-label") ?? "table";
    offer(box, [["CSV", `Download as CSV: ${name}`, () => {
      save(fileName(box, ".csv"), new Blob([csv(table)], { type: "text/csv" }));
    }]]);
  }

  // A figure by itself: what the style sheet gives each element is written into it, on the page's ground.
  const drawn = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "stroke-linecap",
    "opacity", "paint-order", "font-family", "font-size", "font-weight", "text-anchor"];
  const styled = (svg) => {
    const copy = svg.cloneNode(true);
    const [from, to] = [svg, copy].map((s) => [s, ...s.querySelectorAll("*")]);
    from.forEach((element, i) => {
      const style = getComputedStyle(element);
      for (const property of drawn) to[i].setAttribute(property, style.getPropertyValue(property));
      for (const name of ["class", "data-i", "tabindex"]) to[i].removeAttribute(name);
    });
    return copy;
  };
  const made = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
  // What the page says beside the figure stands below it, a line a series; how high that is.
  const legend = (svg, copy, top) => {
    const keys = Array.from(svg.closest("figure").querySelectorAll(".keys li"));
    keys.forEach((key, i) => {
      const swatch = key.querySelector("svg");
      if (swatch) {
        const mark = styled(swatch);
        mark.setAttribute("x", 10);
        mark.setAttribute("y", top + 18 * i + 8);
        copy.append(mark);
      }
      const [text, style] = [made("text"), getComputedStyle(key)];
      for (const property of ["font-family", "font-size"]) text.setAttribute(property, style.getPropertyValue(property));
      text.setAttribute("fill", style.color);
      text.setAttribute("x", swatch ? 50 : 10);
      text.setAttribute("y", top + 18 * i + 19);
      text.textContent = key.textContent.trim();
      copy.append(text);
    });
    return keys.length > 0 ? 12 + 18 * keys.length : 0;
  };
  const alone = (svg) => {
    const copy = styled(svg);
    const ground = made("rect");
    ground.setAttribute("width", "100%");
    ground.setAttribute("height", "100%");
    ground.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
    const { width, height } = svg.viewBox.baseVal;
    const whole = height + legend(svg, copy, height);
    copy.setAttribute("viewBox", `0 0 ${width} ${whole}`);
    [["width", width], ["height", whole]].forEach(([name, pixels]) => copy.setAttribute(name, pixels));
    copy.prepend(ground);
    return { text: new XMLSerializer().serializeToString(copy), width, height: whole };
  };
  const picture = (svg, done) => {
    const image = new Image();
    const { text, width, height } = alone(svg);
    image.addEventListener("load", () => {
      const canvas = document.createElement("canvas");
      // Browsers draw nothing on a larger canvas.
      const by = Math.min(2, 16000 / Math.max(width, height));
      [canvas.width, canvas.height] = [Math.ceil(width * by), Math.ceil(height * by)];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(done, "image/png");
    });
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  };
  for (const svg of document.querySelectorAll("main figure svg[role=img]")) {
    const name = (svg.getAttribute("aria-label") ?? "figure").split(/[:.]/)[0];
    offer(svg.closest(".scroll") ?? svg, [
      ["SVG", `Download as SVG: ${name}`, () => {
        save(fileName(svg, ".svg"), new Blob([alone(svg).text], { type: "image/svg+xml" }));
      }],
      ["PNG", `Download as PNG: ${name}`, () => picture(svg, (blob) => blob && save(fileName(svg, ".png"), blob))],
    ]);
  }

  // The contents: folded on a phone, and the section that is read is marked.
  const contents = byId("contents");
  if (matchMedia("(max-width: 700px)").matches) contents.open = false;
  const wide = matchMedia("(min-width: 1080px)");
  wide.addEventListener("change", () => { if (wide.matches) contents.open = true; });
  const links = new Map();
  for (const link of contents.querySelectorAll("a")) {
    const section = byId(decodeURIComponent(link.hash.slice(1)));
    if (section && section.nodeName === "SECTION") links.set(section, link);
  }
  let current = null;
  const mark = () => {
    const line = innerHeight * 0.3;
    let found = null;
    for (const section of links.keys()) if (section.getBoundingClientRect().top <= line) found = section;
    if (found === current) return;
    links.get(current)?.removeAttribute("aria-current");
    current = found;
    const link = links.get(found);
    if (!link) return;
    link.setAttribute("aria-current", "location");
    const nav = contents.parentElement;
    const [box, at] = [nav.getBoundingClientRect(), link.getBoundingClientRect()];
    if (wide.matches && (at.top < box.top || at.bottom > box.bottom)) nav.scrollTop += at.top - box.top - box.height / 3;
  };
  let asked = false;
  addEventListener("scroll", () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; mark(); });
  }, { passive: true });
  mark();

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
