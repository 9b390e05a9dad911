// Answers: kept in the browser by study and reader, and as files.

const study = JSON.parse(document.getElementById("data").textContent);
const SCHEMA = "eyepatch-reader-answers/1";
const PLACE = "eyepatch-reader:" + study.commitment;
const none = () => ({ answer: null, confidence: null });
const blank = () => Object.fromEntries(study.cases.map((c) => [c.code, study.questions.map(none)]));
const full = (a) => a.answer !== null && a.confidence !== null;
const whole = (given) => given.every(full);
// What the browser would not keep, by reader, and the cases that were answered since: it lasts as long as the page.
const unsaved = new Map();
const unsavedCases = (reader) => [...(unsaved.get(reader)?.mine ?? [])];
// Tables of scores call others so.
const TAKEN = ["model", "all readers"];

// All that is kept of this study; null where the browser keeps nothing.
function kept() {
  try {
    return JSON.parse(localStorage.getItem(PLACE)) || { last: "", readers: {} };
  } catch {
    return null;
  }
}

const found = (all, reader) => (all && Object.hasOwn(all.readers, reader) ? all.readers[reader] : null);

// Another tab may have kept answers of the same reader: all are taken over, but for those to these cases. Nobody takes an answer
// back, so one that is missing there is none that was.
function takeOver(reader, state, mine) {
  const answers = found(kept(), reader)?.answers ?? {};
  const fits = (given) => given?.length === study.questions.length && given.some((a) => a.answer !== null || a.confidence !== null);
  for (const code of Object.keys(state.answers)) {
    if (!mine.includes(code) && fits(answers[code])) state.answers[code] = answers[code];
  }
}

// Keeps where a reader is, and what was said of the cases `mine` here. Whether the browser did.
function keep(reader, state, mine) {
  const own = new Set([...unsavedCases(reader), ...mine]);
  try {
    takeOver(reader, state, [...own]);
    const all = kept() || { last: "", readers: {} };
    // Without a prototype: a reader may have any name.
    const readers = Object.assign(Object.create(null), all.readers, { [reader]: state });
    [all.last, all.readers] = [reader, readers];
    localStorage.setItem(PLACE, JSON.stringify(all));
    unsaved.delete(reader);
    return true;
  } catch {
    unsaved.set(reader, { state, mine: own });
    return false;
  }
}

const isKnown = (reader) => unsaved.has(reader) || found(kept(), reader) !== null;

// A reader's state where it is kept, made to fit this study.
function recall(reader) {
  const known = unsaved.get(reader)?.state ?? found(kept(), reader);
  const answers = blank();
  for (const code of Object.keys(answers)) {
    if (known?.answers?.[code]?.length === study.questions.length) answers[code] = known.answers[code];
  }
  return { at: Math.min(Math.max(0, known?.at | 0), study.cases.length - 1), answers };
}

// One name a reader: as it was written first, whatever capitals and blanks it comes with.
const tidy = (text) => text.replace(/[\p{Cc}\s]+/gu, " ").trim().slice(0, 80);
function spelled(text) {
  const name = tidy(text);
  const known = [...unsaved.keys(), ...Object.keys(kept()?.readers ?? {})];
  return known.find((k) => k.toLowerCase() === name.toLowerCase()) ?? name;
}

// An answer of the page and one of a file: whole ones go before half ones; of two whole ones the reader chooses.
function merged(here, theirs, replace) {
  if (full(here)) return full(theirs) && replace ? theirs : here;
  return full(theirs) || (here.answer === null && here.confidence === null) ? theirs : here;
}

const valid = (a) =>
  (a.answer === null || a.answer === "yes" || a.answer === "no") &&
  (a.confidence === null || (Number.isInteger(a.confidence) && a.confidence >= 1 && a.confidence <= study.levels));

// The file that `eyepatch reader score` reads.
function toJson(reader, answers) {
  const of = (c) => ({ case: c.code, answers: answers[c.code].map((a, q) => ({ question: study.questions[q], ...a })) });
  return JSON.stringify({ schema: SCHEMA, study: study.commitment, reader, cases: study.cases.map(of) }, null, 1) + "\n";
}

// A cell that a spreadsheet does not take for a formula.
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? "'" + text : text;
  return /[",\r\n]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
}

function toCsv(reader, answers) {
  const rows = [["study", "reader", "case", "question", "answer", "confidence"]];
  for (const c of study.cases) {
    answers[c.code].forEach((a, q) =>
      rows.push([study.commitment, reader, c.code, study.questions[q], a.answer ?? "", String(a.confidence ?? "")]),
    );
  }
  return rows.map((r) => r.map(cell).join(",")).join("\r\n") + "\r\n";
}

// Reads a saved file; throws what is wrong with it.
function fromJson(text) {
  const file = JSON.parse(text);
  if (file.schema !== SCHEMA) throw new Error("This is no file of answers.");
  if (file.study !== study.commitment) throw new Error("These answers belong to another study.");
  const reader = tidy(String(file.reader ?? ""));
  if (!reader) throw new Error("The file names no reader.");
  if (TAKEN.includes(reader.toLowerCase())) throw new Error(`No reader can be called ${reader}.`);
  const answers = {};
  for (const c of file.cases) {
    if (!study.cases.some((known) => known.code === c.case)) throw new Error(`This study has no case ${c.case}.`);
    const of = study.questions.map((q) => c.answers.find((a) => a.question === q) ?? none());
    const plain = of.map((a) => ({ answer: a.answer ?? null, confidence: a.confidence ?? null }));
    if (!plain.every(valid)) throw new Error(`The answer to case ${c.case} is none of this study's.`);
    answers[c.case] = plain;
  }
  return { reader, answers };
}

function save(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
