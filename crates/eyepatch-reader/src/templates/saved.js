// Answers: kept in the browser by study and reader, and as files.

const study = JSON.parse(document.getElementById("data").textContent);
const SCHEMA = "eyepatch-reader-answers/1";
const PLACE = "eyepatch-reader:" + study.commitment;
const none = () => ({ answer: null, confidence: null });
const blank = () => Object.fromEntries(study.cases.map((c) => [c.code, study.questions.map(none)]));
const whole = (given) => given.every((a) => a.answer !== null && a.confidence !== null);

// All that is kept of this study; null where the browser keeps nothing.
function kept() {
  try {
    return JSON.parse(localStorage.getItem(PLACE)) || { last: "", readers: {} };
  } catch {
    return null;
  }
}

function keep(reader, state) {
  try {
    const all = kept() || { last: "", readers: {} };
    all.last = reader;
    all.readers[reader] = state;
    localStorage.setItem(PLACE, JSON.stringify(all));
    return true;
  } catch {
    return false;
  }
}

// A reader's state where it is kept, made to fit this study.
function recall(reader) {
  const all = kept();
  const found = all && Object.hasOwn(all.readers, reader) ? all.readers[reader] : null;
  const answers = blank();
  for (const code of Object.keys(answers)) {
    if (found?.answers?.[code]?.length === study.questions.length) answers[code] = found.answers[code];
  }
  return { at: Math.min(Math.max(0, found?.at | 0), study.cases.length - 1), answers };
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
  const reader = String(file.reader ?? "").trim();
  if (!reader) throw new Error("The file names no reader.");
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
