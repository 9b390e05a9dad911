// The page: start, cases, questions, keys.

const $ = (id) => document.getElementById(id);
const WORDS = ["", "a guess", "unsure", "fairly sure", "sure", "certain"];
let reader = "";
let state = { at: 0, answers: blank() };
let active = 0;
// Whether no answer was given since the last file was saved.
let inFile = true;
const pictures = new Map();

const view = new View($("image"), () => {
  $("zoomed").textContent = view.zoom.toFixed(1).replace(".0", "") + "×";
  const [low, high] = view.range;
  Object.assign($("level"), { min: low, max: high, value: view.level });
  Object.assign($("window"), { min: 1, max: 2 * (high - low), value: view.window });
  $("levelled").textContent = Math.round(view.level);
  $("windowed").textContent = Math.round(view.window);
});

function trouble(text) {
  $("trouble").hidden = !text;
  $("trouble").textContent = text;
}

const answered = () => study.cases.filter((c) => whole(state.answers[c.code])).length;
const given = () => state.answers[study.cases[state.at].code];

// `mine`: the cases whose answers are newer here than anywhere else.
function stored(mine) {
  if (!keep(reader, state, mine)) trouble("This browser keeps nothing: save your answers as a file before you close the page.");
}

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// A row of radio buttons under one name.
function choices(name, values, picked) {
  const one = ([value, label, hint]) => {
    const input = element("input", { type: "radio", name, value, id: `${name}-${value}` });
    input.addEventListener("change", () => picked(value));
    const text = element("label", { htmlFor: input.id }, [label, ...(hint ? [element("small", { textContent: hint })] : [])]);
    return element("span", {}, [input, text]);
  };
  return element("div", { className: "choices" }, values.map(one));
}

function build() {
  const answers = [["yes", "Present"], ["no", "Absent"]];
  const levels = Array.from({ length: study.levels }, (_, i) => [String(i + 1), String(i + 1), WORDS[i + 1]]);
  study.questions.forEach((question, q) => {
    const sure = element("fieldset", { className: "sure" }, [
      element("legend", { textContent: "How sure are you?" }),
      choices(`sure${q}`, levels, (v) => set(q, "confidence", Number(v))),
    ]);
    const box = element("fieldset", { className: "question", id: `question${q}` }, [
      element("legend", { textContent: question }),
      choices(`answer${q}`, answers, (v) => set(q, "answer", v)),
      sure,
    ]);
    box.addEventListener("focusin", () => choose(q));
    $("questions").append(box);
  });
  $("questions").addEventListener("submit", (e) => e.preventDefault());
}

function choose(q) {
  active = q;
  const several = study.questions.length > 1;
  study.questions.forEach((_, i) => {
    $(`question${i}`).classList.toggle("active", i === q && several);
    if (several) $(`question${i}`).setAttribute("aria-current", String(i === q));
  });
}

function say(q, text) {
  $("said").textContent = study.questions.length > 1 ? `${study.questions[q]}: ${text}` : text;
}

function set(q, what, value) {
  const { code } = study.cases[state.at];
  if (document.body.dataset.shown !== code) {
    refresh();
    $("said").textContent = "The image of this case is not there yet: nothing was kept.";
    return;
  }
  given()[q][what] = value;
  inFile = false;
  stored([code]);
  refresh();
  const { answer, confidence } = given()[q];
  if (answer === null) say(q, "Now say whether it is present.");
  else if (confidence === null) say(q, "Now say how sure you are.");
  else say(q, `Kept: ${answer === "yes" ? "present" : "absent"}, ${WORDS[confidence] ?? confidence}.`);
  const open = given().findIndex((a) => !full(a));
  // Keys stay with a question that has the focus.
  const held = $(`question${q}`).contains(document.activeElement);
  if (full(given()[q]) && open >= 0 && !held) choose(open);
}

function refresh() {
  const [n, done] = [study.cases.length, answered()];
  $("where").textContent = `Case ${state.at + 1} of ${n}`;
  $("who").textContent = `${study.cases[state.at].code} · reader ${reader}`;
  $("done").textContent = `${done} of ${n} answered`;
  Object.assign($("progress"), { max: n, value: done });
  given().forEach((a, q) => {
    for (const input of document.getElementsByName(`answer${q}`)) input.checked = input.value === a.answer;
    for (const input of document.getElementsByName(`sure${q}`)) input.checked = input.value === String(a.confidence);
  });
  $("back").disabled = state.at === 0;
  $("next").disabled = state.at === n - 1;
  $("open").hidden = done === n;
  $("end").classList.toggle("ready", done === n);
  $("ended").textContent = done === n ? "All cases are answered" : "Save your answers";
  $("advice").textContent =
    done === n
      ? "Save them as JSON and send that file to whoever gave you this page. You may still change answers and save again."
      : "Save at any time. The JSON file is what the study needs; it also lets you go on elsewhere.";
}

function picture(at) {
  if (!pictures.has(at)) pictures.set(at, decode(study.cases[at].png));
  for (const old of pictures.keys()) if (Math.abs(old - at) > 2) pictures.delete(old);
  return pictures.get(at);
}

async function go(at) {
  state.at = at;
  trouble("");
  // No answer may be given while the image before stands there.
  delete document.body.dataset.shown;
  view.clear();
  stored([]);
  choose(0);
  refresh();
  $("said").textContent = "";
  try {
    const shown = await picture(at);
    if (state.at !== at) return;
    view.show(shown);
    document.body.dataset.shown = study.cases[at].code;
    if (at + 1 < study.cases.length) picture(at + 1).catch(() => pictures.delete(at + 1));
  } catch (e) {
    pictures.delete(at);
    if (state.at === at) trouble(`The image of this case cannot be shown, and it takes no answer: ${e.message}`);
  }
}

const step = (by) => {
  const at = state.at + by;
  if (at >= 0 && at < study.cases.length) {
    go(at);
    $("where").focus();
  }
};

function nextOpen() {
  const n = study.cases.length;
  for (let i = 1; i <= n; i++) {
    const at = (state.at + i) % n;
    if (!whole(state.answers[study.cases[at].code])) return step(at - state.at);
  }
}

function enter(name) {
  reader = name;
  state = recall(reader);
  $("start").hidden = true;
  $("study").hidden = false;
  window.scrollTo(0, 0);
  go(state.at);
  $("where").focus();
}

function greet() {
  const name = spelled($("name").value);
  const known = isKnown(name);
  const of = known ? Object.values(recall(name).answers).filter(whole).length : 0;
  $("known").textContent = known ? `Answers of ${name} are kept here: ${of} of ${study.cases.length} cases.` : "";
  $("begin").querySelector("button").textContent = known ? "Go on" : "Begin";
}

async function load(file) {
  trouble("");
  try {
    if (file.size > 16e6) throw new Error("The file is too large.");
    const read = fromJson(await file.text());
    const name = spelled(read.reader);
    const before = recall(name);
    const codes = Object.keys(read.answers);
    const differ = (a, b) => full(a) && full(b) && (a.answer !== b.answer || a.confidence !== b.confidence);
    const changed = codes.flatMap((c) => read.answers[c].filter((a, q) => differ(a, before.answers[c][q]))).length;
    const replace = changed > 0 && confirm(`${changed} answers of ${name} differ between this browser and the file. Take the file's?`);
    // Another tab may have answered while the question stood there.
    const mine = recall(name);
    for (const c of codes) mine.answers[c] = mine.answers[c].map((here, q) => merged(here, read.answers[c][q], replace));
    reader = name;
    state = mine;
    stored(codes);
    $("name").value = reader;
    greet();
    if (changed) $("known").textContent += ` ${changed} differed: ${replace ? "the file's were taken" : "those kept here stay"}.`;
  } catch (e) {
    trouble(`${file.name}: ${e.message}`);
  }
}

const named = () => reader.replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 40) || "reader";

function key(e) {
  if ($("study").hidden || e.ctrlKey || e.metaKey || e.altKey) return;
  const inside = e.target.tagName === "INPUT" ? e.target.type : "";
  const arrows = e.key.startsWith("Arrow");
  // Radio buttons and sliders have arrows of their own; an enlarged image moves.
  if (inside && arrows) return;
  const moves = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  if (arrows && e.target === $("image") && view.zoom > 1) view.pan(...moves[e.key]);
  else if (e.key === "ArrowRight") step(1);
  else if (e.key === "ArrowLeft") step(-1);
  else if (/^[1-9]$/.test(e.key) && Number(e.key) <= study.levels) set(active, "confidence", Number(e.key));
  else if (!KEYS[e.key.toLowerCase()]) return;
  else KEYS[e.key.toLowerCase()]();
  e.preventDefault();
}

const KEYS = {
  y: () => set(active, "answer", "yes"),
  n: () => set(active, "answer", "no"),
  q: () => {
    choose((active + 1) % study.questions.length);
    if (study.questions.length > 1) $("said").textContent = `Keys answer: ${study.questions[active]}`;
  },
  u: nextOpen,
  r: () => view.reset(),
  "+": () => view.scale(1.25),
  "=": () => view.scale(1.25),
  "-": () => view.scale(0.8),
  w: () => view.adjust(-0.05, 0),
  s: () => view.adjust(0.05, 0),
  a: () => view.adjust(0, -0.03),
  d: () => view.adjust(0, 0.03),
};

build();
document.addEventListener("keydown", key);
$("begin").addEventListener("submit", (e) => {
  e.preventDefault();
  const name = spelled($("name").value);
  if (TAKEN.includes(name.toLowerCase())) $("known").textContent = "Tables of scores call others so: give another name.";
  else if (name) enter(name);
  else $("known").textContent = "Give a name or a code first.";
});
$("name").addEventListener("input", greet);
$("saved").addEventListener("change", (e) => {
  if (e.target.files[0]) load(e.target.files[0]);
  e.target.value = "";
});
$("back").addEventListener("click", () => step(-1));
$("next").addEventListener("click", () => step(1));
$("open").addEventListener("click", nextOpen);
$("larger").addEventListener("click", () => view.scale(1.25));
$("smaller").addEventListener("click", () => view.scale(0.8));
$("reset").addEventListener("click", () => view.reset());
$("level").addEventListener("input", (e) => view.set(view.window, Number(e.target.value)));
$("window").addEventListener("input", (e) => view.set(Number(e.target.value), view.level));
$("json").addEventListener("click", () => {
  save(`answers-${named()}.json`, "application/json", toJson(reader, state.answers));
  inFile = true;
});
$("csv").addEventListener("click", () => save(`answers-${named()}.csv`, "text/csv", toCsv(reader, state.answers)));
$("leave").addEventListener("click", () => {
  $("study").hidden = true;
  $("start").hidden = false;
  greet();
  $("name").focus();
});
addEventListener("storage", (e) => {
  if (e.key !== PLACE || $("study").hidden) return;
  takeOver(reader, state, unsavedCases(reader));
  refresh();
});
addEventListener("beforeunload", (e) => {
  if (unsaved.size > 0 && !inFile) e.preventDefault();
});
$("name").value = kept()?.last ?? "";
greet();
if (!window.DecompressionStream) trouble("This browser is too old to show the images. Please use a current one.");
else if (!kept()) trouble("This browser keeps nothing: save your answers as a file before you close the page.");
