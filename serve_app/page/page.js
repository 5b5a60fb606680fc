// The page: what is under review, and what a person does about it. Text from images is
// only ever set as text; nothing is kept in the browser after the page is closed.

import { Viewer, picture } from "/page/viewer.js";

const $ = (id) => document.getElementById(id);
const state = { token: "", items: [], names: new Map(), current: null, coming: null, shapes: [], frame: 0, edited: false, working: false };
const cache = new Map();
const viewer = new Viewer($("before"), $("after"), drawn);

class Refused extends Error {}

async function ask(path, options = {}) {
  const headers = new Headers(options.headers);
  if (state.token) headers.set("Authorization", `Bearer ${state.token}`);
  const answer = await fetch(path, { ...options, headers });
  if (answer.ok) return answer;
  let problem = {};
  try { problem = await answer.json(); } catch { /* no problem details: the status says it */ }
  const words = [problem.title ?? `The service answered ${answer.status}.`, problem.code, problem.verdict];
  throw new Refused(words.filter(Boolean).join(" · "));
}

function say(text, wrong = false) {
  $("message").textContent = text;
  $("message").classList.toggle("wrong", wrong);
}

async function attempt(work) {
  try { return await work(); } catch (error) {
    say(error instanceof Refused ? error.message : "The service cannot be reached.", true);
  }
}

// --- files ---------------------------------------------------------------------------

async function add(files) {
  const bar = $("progress");
  bar.hidden = false;
  bar.max = files.length;
  bar.value = 0;
  const failed = [];
  for (const file of files) {
    say(`Working at ${bar.value + 1} of ${files.length} …`);
    try {
      const answer = await ask("/v1/reviews", { method: "POST", body: file, headers: { "Content-Type": await typeOf(file) } });
      const item = await answer.json();
      state.names.set(item.id, file.name);
      state.items.push(item);
      list();
      if (!state.current) await choose(item.id);
    } catch (error) {
      failed.push(`${file.name}: ${error instanceof Refused ? error.message : "the service cannot be reached"}`);
    }
    bar.value += 1;
  }
  bar.hidden = true;
  say(failed.length ? failed.join("; ") : "Done.", failed.length > 0);
}

async function typeOf(file) {
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (head[0] === 0x89 && head[1] === 0x50) return "image/png";
  if (head[0] === 0xff && head[1] === 0xd8) return "image/jpeg";
  return "application/dicom";
}

// --- the queue -----------------------------------------------------------------------

async function refresh() {
  const found = await attempt(async () => (await ask("/v1/reviews")).json());
  if (!found) return;
  state.items = found;
  list();
  if (!state.current && found.length) await choose(found[0].id);
}

function list() {
  $("items").replaceChildren(...state.items.map((item, index) => {
    const button = document.createElement("button");
    const name = state.names.get(item.id) ?? `image ${index + 1}`;
    button.textContent = `${name} — ${item.decision ?? item.verdict}`;
    button.dataset.id = item.id;
    button.setAttribute("aria-current", String(item.id === state.current?.id));
    button.addEventListener("click", () => choose(item.id));
    const line = document.createElement("li");
    line.append(button);
    return line;
  }));
}

async function choose(id) {
  if (state.coming === id) return;
  state.coming = id;
  const item = await attempt(async () => (await ask(`/v1/reviews/${id}`)).json());
  const wanted = state.coming === id; // or another one was chosen meanwhile
  if (wanted) state.coming = null;
  if (item && wanted) await open(item);
}

async function open(item, keepFrame = false) {
  const index = state.items.findIndex((each) => each.id === item.id);
  if (index >= 0) state.items[index] = item;
  cache.clear();
  state.current = item;
  state.edited = false;
  state.shapes = [
    ...item.regions.map((each) => ({ ...each, on: true })),
    ...item.suggestions.map((each) => ({ ...each, on: false, suggested: true })),
  ];
  state.frame = keepFrame ? state.frame : 0;
  $("frame").max = item.frames - 1;
  $("viewer").hidden = false;
  $("verdict").textContent = item.decision ? `${item.verdict}, ${item.decision}` : item.verdict;
  $("why").textContent = item.code ? `not released: ${item.code.replaceAll("_", " ")}` : "";
  $("approve").disabled = $("reject").disabled = item.decision !== null;
  $("download").hidden = !item.releasable;
  list();
  await show(true);
}

// --- the frame -----------------------------------------------------------------------

async function side(name) {
  const key = `${name} ${state.frame}`;
  if (!cache.has(key)) {
    if (cache.size > 24) cache.delete(cache.keys().next().value);
    cache.set(key, ask(`/v1/reviews/${state.current.id}/frames/${state.frame}?side=${name}`).then(picture));
  }
  try { return await cache.get(key); } catch (error) { cache.delete(key); throw error; }
}

async function show(newWindow = false) {
  const { current, frame } = state;
  $("frame").value = frame;
  $("frame-number").textContent = `${frame + 1} of ${current.frames}`;
  regions();
  await attempt(async () => {
    const rejected = current.decision === "rejected";
    const before = rejected ? null : await side("before");
    const proven = current.releasable && !state.edited;
    const after = proven ? await side("after") : null;
    if (state.current !== current || state.frame !== frame) return;
    if (!before) { $("viewer").hidden = true; return; }
    if (newWindow) {
      viewer.window = { low: before.low, high: before.high };
      $("level").value = (before.low + before.high) / 2;
      $("window").value = before.high - before.low;
    }
    $("after-title").textContent = proven ? "After — proven" : "After — as it would be";
    viewer.show({ before, after }, here());
    $("viewer").dataset.shown = `${current.id} ${frame}`;
  });
}

const here = () => state.shapes.filter((each) => each.frames.includes(state.frame));

function regions() {
  $("regions").replaceChildren(...state.shapes.map((shape) => {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = shape.on;
    box.disabled = state.current.decision !== null;
    box.addEventListener("change", () => toggle(shape, box.checked));
    const words = document.createElement("span");
    words.textContent = shape.drawn ? "drawn" : shape.suggested ? "other text" : shape.reason.replaceAll("_", " ");
    words.className = "mark";
    const label = document.createElement("label");
    label.append(box, words);
    if (shape.text) {
      const text = document.createElement("span");
      text.textContent = shape.text;
      label.append(text);
    }
    const where = document.createElement("span");
    where.textContent = frameWords(shape.frames);
    label.append(where);
    const line = document.createElement("li");
    line.classList.toggle("elsewhere", !shape.frames.includes(state.frame));
    line.append(label);
    return line;
  }));
}

function frameWords(frames) {
  if (state.current.frames === 1) return "";
  if (frames.length === state.current.frames) return "all frames";
  return frames.length === 1 ? `frame ${frames[0] + 1}` : `${frames.length} frames`;
}

function toggle(shape, on) {
  const all = $("all").checked || shape.frames.length === 1 || !shape.frames.includes(state.frame);
  if (all) shape.on = on;
  else { // this frame only: it becomes a shape of its own
    shape.frames = shape.frames.filter((each) => each !== state.frame);
    state.shapes.push({ ...shape, frames: [state.frame], on });
  }
  edited();
}

function drawn(box) {
  const frames = $("all").checked ? [...Array(state.current.frames).keys()] : [state.frame];
  state.shapes.push({ box, frames, reason: "unknown", on: true, drawn: true });
  setDrawing(false);
  edited();
}

function edited() {
  state.edited = true;
  show();
}

function setDrawing(on) {
  viewer.setDrawing(on && state.current?.decision === null);
  $("draw").setAttribute("aria-pressed", String(viewer.drawing));
}

// --- decisions -----------------------------------------------------------------------

async function decide(decision) {
  if (!state.current || state.current.decision !== null || state.working) return;
  state.working = true;
  $("approve").disabled = $("reject").disabled = true;
  say(decision === "approve" ? "Masking and proving …" : "");
  const wanted = state.shapes.filter((each) => each.on && each.frames.length);
  const body = { decision, regions: wanted.map(({ box, frames, reason }) => ({ box, frames, reason })) };
  const done = await attempt(async () => (await ask(`/v1/reviews/${state.current.id}/decision`, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
  })).json());
  state.working = false;
  if (!done) { $("approve").disabled = $("reject").disabled = false; return; }
  say(decision === "approve" ? "Approved and proven." : "Rejected: nothing is released.");
  await open(done, true);
}

async function download() {
  await attempt(async () => {
    const blob = await (await ask(`/v1/reviews/${state.current.id}/file`)).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    const ending = { "image/png": "png", "image/jpeg": "jpg" }[blob.type] ?? "dcm";
    link.download = `deidentified.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
}

// --- hands and keys ------------------------------------------------------------------

function step(by) {
  if (!state.current) return;
  state.frame = Math.min(Math.max(state.frame + by, 0), state.current.frames - 1);
  show();
}

function next(by) {
  const index = state.items.findIndex((each) => each.id === state.current?.id);
  const item = state.items[index + by];
  if (item) choose(item.id);
}

function setWindow() {
  const level = Number($("level").value), width = Number($("window").value);
  viewer.window = { low: level - width / 2, high: level + width / 2 };
  viewer.paint();
}

const KEYS = {
  ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => next(-1), ArrowDown: () => next(1),
  d: () => setDrawing(!viewer.drawing), a: () => decide("approve"), r: () => decide("reject"),
  Escape: () => setDrawing(false),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("#token")) return;
  if (event.key.startsWith("Arrow") && event.target.matches("input[type=range]")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) { event.preventDefault(); act(); }
});
$("signin").addEventListener("submit", (event) => { event.preventDefault(); state.token = $("token").value.trim(); refresh(); });
$("files").addEventListener("change", (event) => add([...event.target.files]));
$("frame").addEventListener("input", (event) => { state.frame = Number(event.target.value); show(); });
$("level").addEventListener("input", setWindow);
$("window").addEventListener("input", setWindow);
$("draw").addEventListener("click", () => setDrawing(!viewer.drawing));
$("approve").addEventListener("click", () => decide("approve"));
$("reject").addEventListener("click", () => decide("reject"));
$("download").addEventListener("click", download);
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    $("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) add([...event.dataTransfer.files]);
  });
}
refresh();
