// The two parts of the report that are chosen from: answers and metrics. Without this script all else is still there.
const RIGHT = "correct";
const EQUATION = /<<[^<>]*>>/g;
const byId = (id) => document.getElementById(id);

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, words]) => new Option(words, value, false, value === chosen)));
}

async function unpack(id) {
  const bytes = Uint8Array.from(atob(byId(id).textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

// An answer's text, its equations marked; those that none of M1's answers has are underlined.
function marked(text, known) {
  const pre = element("pre");
  let place = 0;
  for (const found of text.matchAll(EQUATION)) {
    pre.append(text.slice(place, found.index));
    const isNew = known && !known.has(found[0].replace(/\s/g, ""));
    pre.append(element("mark", found[0], isNew ? "new" : ""));
    place = found.index + found[0].length;
  }
  pre.append(text.slice(place));
  return pre;
}

function answerBox([decoding, verdict, place], texts, known) {
  const right = verdict === RIGHT;
  const box = element("div", undefined, right ? "answer correct" : "answer");
  const said = right ? "✓ right" : verdict === "wrong" ? "✗ wrong" : `✗ ${verdict.replace("_", " ")}`;
  box.append(element("b", `${said}, ${decoding}`), marked(texts[place], known));
  return box;
}

async function answers() {
  if (!byId("answers-section")) return;
  const [where, method, kind, number] = ["section", "method", "kind", "number"].map((id) => byId(`answers-${id}`));
  const kinds = JSON.parse(byId("answers-kinds").textContent);
  let found, shown;

  function problems() {
    const of = found.kinds[method.value];
    shown = of.map((_, i) => i).filter((i) => kind.value === "all" || of[i] === kind.value);
    number.max = shown.length;
    byId("answers-count").textContent = `of ${shown.length}`;
    go(1);
  }

  function ofMethod() {
    const of = found.kinds[method.value];
    const counted = Object.entries(kinds).map(([name, words]) => [name, of.filter((one) => one === name).length, words]);
    const there = counted.filter(([, count]) => count).map(([name, count, words]) => [name, `${words} (${count})`]);
    fill(kind, [["all", `all problems (${of.length})`], ...there], kind.value || "all");
    problems();
  }

  function go(to) {
    number.value = Math.min(Math.max(1, to || 1), Math.max(1, shown.length));
    const at = shown[number.value - 1];
    const [question, gold] = found.problems[at];
    const lineages = found.methods.find(([name]) => name === method.value)[1];
    const asked = element("div", undefined, "question");
    asked.append(element("pre", question), element("small", `gold answer: ${gold ?? "not given"}`));
    asked.append(element("small", kinds[found.kinds[method.value][at]]));
    const first = found.answers[lineages[0]][at][3].map(([, , place]) => found.texts[place]);
    const known = new Set(first.flatMap((text) => text.match(EQUATION) ?? []).map((one) => one.replace(/\s/g, "")));
    const columns = element("div", undefined, "iterations");
    lineages.forEach((lineage, i) => {
      const [right, samples, different, boxes] = found.answers[lineage][at];
      const column = element("section");
      column.append(element("h4", `M${i + 1}`));
      column.append(element("small", `${right} of ${samples} samples right, ${different} different texts`));
      column.append(...boxes.map((box) => answerBox(box, found.texts, i ? known : undefined)));
      columns.append(column);
    });
    byId("answers-shown").replaceChildren(asked, columns);
  }

  async function ofSection() {
    found = await unpack(where.value);
    fill(method, found.methods.map(([name]) => [name, name]), method.value);
    if (!method.value) method.value = found.methods[0][0];
    ofMethod();
  }

  where.parentElement.hidden = where.options.length < 2;
  where.onchange = ofSection;
  method.onchange = ofMethod;
  kind.onchange = problems;
  number.onchange = () => go(Number(number.value));
  byId("answers-before").onclick = () => go(Number(number.value) - 1);
  byId("answers-next").onclick = () => go(Number(number.value) + 1);
  await ofSection();
}

async function metrics() {
  if (!byId("chart")) return;
  const { chart, choices } = JSON.parse(byId("chart-data").textContent);
  const select = Object.fromEntries(["model", "task", "metric", "subset"].map((name) => [name, byId(`chart-${name}`)]));
  const subsetsOf = (metric) => choices.metric.find(([name]) => name === metric)[2];
  for (const name of ["model", "task"]) {
    fill(select[name], choices[name].map((one) => [one, one]));
    select[name].parentElement.hidden = choices[name].length < 2;
  }
  fill(select.metric, choices.metric, "pass_at_1");
  const { view } = await vegaEmbed("#chart", chart, { actions: false, renderer: "svg" });
  const show = () => {
    for (const [name, one] of Object.entries(select)) view.signal(name, one.value);
    view.runAsync();
  };
  const ofMetric = () => {
    fill(select.subset, subsetsOf(select.metric.value), select.subset.value || "test");
    show();
  };
  for (const one of Object.values(select)) one.onchange = show;
  select.metric.onchange = ofMetric;
  ofMetric();
}

answers();
metrics();
