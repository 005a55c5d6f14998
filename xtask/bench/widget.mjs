// widget.mjs CHROMIUM WIDGET RIVALS RUNS: what the widget costs a page, beside an empty page, a bubble written by hand, and
// other widgets, in the same browser and in turn; prints one table of medians.
//
// One small server has all files, compressed, and answers what each widget asks before it shows its button.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { chromium } from "playwright-core";

const [executablePath, widget, rivals, runs] = process.argv.slice(2);
const SETTLED = 1_000;
const PATIENCE = 10_000;

const bubble = `(() => {
  const button = document.createElement("button"), panel = document.createElement("div"), box = document.createElement("textarea");
  button.textContent = "Chat"; button.id = "bubble"; panel.hidden = true; panel.append(box);
  button.style.cssText = "position:fixed;right:20px;bottom:20px;width:56px;height:56px;border:0;border-radius:50%;background:#2f5d50;color:#fff";
  panel.style.cssText = "position:fixed;right:20px;bottom:92px;width:384px;height:480px;padding:16px;border-radius:16px;background:#fff;box-shadow:0 4px 24px #0004";
  box.style.cssText = "width:100%;height:100%;box-sizing:border-box;font:16px sans-serif";
  button.onclick = () => { panel.hidden = !panel.hidden; if (!panel.hidden) box.focus(); };
  document.body.append(panel, button);
})();`;

/** Each one's tag, and an expression that finds its button. */
const subjects = {
  "empty page": {},
  bubble: { tag: `<script async src="/bubble.js"></script>`, button: `document.querySelector("#bubble")` },
  Porchlight: {
    tag: `<script async src="/widget.js" data-site="pk_000000000000000000000000"></script>`,
    button: `document.querySelector("porchlight-widget")?.shadowRoot?.querySelector("[part~=launcher]")`,
  },
  Typebot: {
    tag: `<script type="module">import Typebot from "/rivals/typebot/dist/web.js"; Typebot.initBubble({ typebot: "demo", apiHost: location.origin });</script>`,
    button: `document.querySelector("typebot-bubble")?.shadowRoot?.querySelector("button")`,
  },
  Flowise: {
    tag: `<script type="module">import Chatbot from "/rivals/flowise/dist/web.js"; Chatbot.init({ chatflowid: "demo", apiHost: location.origin });</script>`,
    button: `document.querySelector("flowise-chatbot")?.shadowRoot?.querySelector("button")`,
  },
  n8n: {
    tag: `<link rel="stylesheet" href="/rivals/n8n/dist/style.css"><script type="module">import { createChat } from "/rivals/n8n/dist/chat.bundle.es.js"; createChat({ webhookUrl: location.origin + "/webhook", loadPreviousSession: false });</script>`,
    button: `document.querySelector(".chat-window-toggle")`,
  },
};

/** What is answered instead of each one's own server. */
const answers = [
  ["/api/widget", { name: "Demo" }],
  ["startChat", { sessionId: "1", typebot: { id: "1", version: "6", theme: {}, settings: {} }, messages: [], input: { id: "1", type: "text input", options: {} } }],
  ["public-chatbotConfig", {}],
  ["chatflows-streaming", { isStreaming: false }],
  ["/webhook", { output: "" }],
];

const kinds = { js: "text/javascript", mjs: "text/javascript", css: "text/css", wasm: "application/wasm", json: "application/json" };
const files = new Map();
/** A file, compressed once. */
function file(path) {
  if (!files.has(path)) {
    const [, name, rest] = /^\/rivals\/(\w+)\/(.*)$/.exec(path) ?? [];
    const content = path === "/bubble.js" ? Buffer.from(bubble) : readFileSync(name ? join(rivals, name, rest) : join(widget, path));
    files.set(path, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
  }
  return files.get(path);
}

let bytes = 0;
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/") {
    const { tag = "" } = subjects[searchParams.get("of")];
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    return response.end(`<!doctype html><html lang=en><title>A page</title><body><p>Hello<script>performance.mark("tag")</script>${tag}`);
  }
  const answer = answers.find(([part]) => pathname.includes(part));
  try {
    const content = answer ? Buffer.from(JSON.stringify(answer[1])) : file(pathname);
    if (!answer) {
      bytes += content.length;
      response.setHeader("Content-Encoding", "br");
      // As the edge and the rivals' delivery networks do: what was fetched ahead is not fetched again.
      response.setHeader("Cache-Control", "public, max-age=31536000, immutable");
    }
    response.setHeader("Content-Type", answer ? "application/json" : kinds[pathname.split(".").pop()] ?? "text/plain");
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const origin = `http://127.0.0.1:${server.address().port}`;

/** In the page, before anything else: when the button can be clicked, when a text box has the focus, what shifts. */
function observe({ button, idle }) {
  const seen = (window.seen = { shift: 0 });
  if (!idle) window.requestIdleCallback = () => 0;
  new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (seen.shift += value))).observe({ type: "layout-shift", buffered: true });
  const deepest = (find) => {
    let [root, found] = [document];
    while (root && (found = find(root)) && (root = found.shadowRoot));
    return found;
  };
  const look = () => {
    const box = button && (0, eval)(button)?.getBoundingClientRect();
    const at = box?.width && [box.x + box.width / 2, box.y + box.height / 2];
    const hit = at && deepest((root) => root.elementFromPoint(...at));
    if (!hit || !((0, eval)(button).contains(hit) || (0, eval)(button) === hit)) return requestAnimationFrame(look);
    seen.button = performance.now() - performance.getEntriesByName("tag")[0].startTime;
    seen.at = at;
  };
  // A page without a button must not look for one in every frame: that would be work of its own.
  if (button) requestAnimationFrame(look);
  const focused = () => {
    const element = deepest((root) => root.activeElement);
    if (element?.matches("textarea, input, [contenteditable=true]")) seen.focus = performance.now() - seen.clicked;
    else setTimeout(focused);
  };
  addEventListener("click", (event) => {
    if (!event.isTrusted || seen.clicked) return;
    seen.clicked = event.timeStamp;
    focused();
  }, { capture: true });
}

/** The longest task of the page's main thread after the tag in a trace, in milliseconds. */
function longest(trace) {
  const { traceEvents } = JSON.parse(trace);
  const tag = traceEvents.find(({ cat, name }) => name === "tag" && cat.includes("blink.user_timing"));
  const tasks = traceEvents.filter(({ name, pid, tid, ts }) => name.endsWith("RunTask") && pid === tag.pid && tid === tag.tid && ts > tag.ts);
  return Math.max(0, ...tasks.map(({ dur = 0 }) => dur / 1000));
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Loads the page and opens the chat; `idle` says whether the page may use the time until then. The page is asked by the
 * protocol alone: what a driver puts into it to wait would be counted as the widget's.
 */
async function visit(browser, name, slower, idle) {
  const { button } = subjects[name];
  const context = await browser.newContext();
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  const read = async (expression) => (await cdp.send("Runtime.evaluate", { expression, returnByValue: true })).result.value;
  const until = async (expression, patience) => {
    for (const end = Date.now() + patience; Date.now() < end; await sleep(50)) {
      const value = await read(expression);
      if (value) return value;
    }
  };
  // Time on the processor: what other processes take meanwhile does not count.
  const busy = async () => (await cdp.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  await page.addInitScript(observe, { button, idle });
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: slower });
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing", "disabled-by-default-devtools.timeline", "devtools.timeline"] });
  bytes = 0;
  const before = await busy();
  await page.goto(origin + "/?of=" + encodeURIComponent(name));
  await sleep(SETTLED);
  const seen = { cpu: (await busy()) - before };
  const at = button && (await until("seen.at", PATIENCE));
  if (at) {
    if (idle) {
      await page.mouse.move(...at);
      await sleep(SETTLED / 2);
    }
    await page.mouse.click(...at);
    await until("seen.focus", 3_000);
    await sleep(SETTLED / 2);
  }
  Object.assign(seen, await read("seen"), { longest: longest(await browser.stopTracing()), bytes });
  await cdp.send("HeapProfiler.collectGarbage");
  seen.heap = (await cdp.send("Runtime.getHeapUsage")).usedSize / 1e6;
  await context.close();
  return seen;
}

const median = (values) => {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"] });
const names = Object.keys(subjects);
const results = {};
for (const slower of [1, 4]) {
  for (let run = 0; run <= +runs; run++) {
    for (const name of names) {
      const [ahead, cold] = [await visit(browser, name, slower, true), await visit(browser, name, slower, false)];
      // The first round only warms up.
      if (run > 0) (results[name + slower] ??= []).push({ ...ahead, longest: Math.max(ahead.longest, cold.longest), cold: cold.focus });
    }
    process.stderr.write(`    ${slower}x, round ${run} of ${runs}\n`);
  }
}
await browser.close();
server.close();

const value = (name, slower, of) => median(results[name + slower].map((seen) => seen[of]));
const shown = (number, digits = 1) => (number === undefined ? "–" : number.toFixed(digits));
const rows = [["", ...names], ["bytes, brotli", ...names.map((name) => shown(value(name, 1, "bytes"), 0))]];
for (const slower of [1, 4]) {
  const row = (what, of, digits, less = () => 0) => rows.push([`${slower}x ${what}`, ...names.map((name) => {
    const number = value(name, slower, of);
    return shown(number === undefined ? undefined : number - less(), digits);
  })]);
  row("CPU at load over the empty page, ms", "cpu", 1, () => value("empty page", slower, "cpu"));
  row("longest task after the tag, load and open, ms", "longest");
  row("tag -> button can be clicked, ms", "button");
  row("click -> focus, fetched on hover, ms", "focus");
  row("click -> focus, not fetched yet, ms", "cold");
  row("heap after opening, MB", "heap");
  row("layout shift", "shift", 3);
}
const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
for (const row of rows) console.log("   ", row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0]))).join("  "));
