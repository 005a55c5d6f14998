// widget.mjs CHROMIUM WIDGET RIVALS RUNS: what the widget costs a page, beside an empty page, a bubble written by hand, and
// other widgets, in the same browser and in turn; prints one table of medians.
//
// One small server has all files, compressed, and answers what each widget asks before it shows its button. The browser is
// spoken to by its protocol alone, and of that only what is needed is switched on: what a driver puts into a page to wait, or
// has it report of each request, would count as the widget's.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import CDP from "chrome-remote-interface";

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

/** The longest task of the page's main thread after the tag, in milliseconds. */
function longest(events) {
  const tag = events.find(({ cat, name }) => name === "tag" && cat.includes("blink.user_timing"));
  const tasks = events.filter(({ name, pid, tid, ts }) => name.endsWith("RunTask") && pid === tag.pid && tid === tag.tid && ts > tag.ts);
  return Math.max(0, ...tasks.map(({ dur = 0 }) => dur / 1000));
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A browser: its address by the protocol, and what ends it. */
async function launch() {
  const profile = mkdtempSync(join(tmpdir(), "porchlight-bench-"));
  const child = spawn(executablePath, ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--no-first-run", "--remote-debugging-port=0", "--user-data-dir=" + profile], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((done) => child.on("exit", done));
  // However this ends, the browser ends too.
  process.on("exit", () => child.kill());
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
  const end = async () => {
    child.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  const said = new Promise((listening) => {
    let all = "";
    child.stderr.on("data", (part) => {
      const [, address] = /DevTools listening on (ws:\S+)/.exec((all += part)) ?? [];
      if (address) listening(address);
    });
  });
  const address = await Promise.race([said, ended.then(() => undefined), sleep(PATIENCE)]);
  if (!address) throw new Error("the browser does not start");
  return { address, end };
}

/**
 * Loads the page and opens the chat; `idle` says whether the page may use the time until then. Where it is `traced` the
 * longest task is known, and all else takes longer.
 */
async function visit({ address, browser }, name, slower, idle, traced) {
  const { button } = subjects[name];
  const { browserContextId } = await browser.Target.createBrowserContext();
  const { targetId } = await browser.Target.createTarget({ url: "about:blank", browserContextId, width: 1280, height: 720 });
  const page = await CDP({ target: address.replace(/browser\/.*/, "page/" + targetId), local: true });
  const read = async (expression) => (await page.Runtime.evaluate({ expression, returnByValue: true })).result.value;
  const until = async (expression, patience) => {
    for (const end = Date.now() + patience; Date.now() < end; await sleep(50)) {
      const value = await read(expression);
      if (value) return value;
    }
  };
  // Time on the processor: what other processes take meanwhile does not count.
  const busy = async () => (await page.Performance.getMetrics()).metrics.find(({ name }) => name === "TaskDuration").value * 1000;
  const mouse = (type, [x, y], button = "none") => page.Input.dispatchMouseEvent({ type, x, y, button, clickCount: button === "left" ? 1 : 0 });
  await page.Page.enable();
  await page.Page.addScriptToEvaluateOnNewDocument({ source: `(${observe})(${JSON.stringify({ button, idle })})` });
  await page.Performance.enable({ timeDomain: "threadTicks" });
  await page.Emulation.setFocusEmulationEnabled({ enabled: true });
  await page.Emulation.setCPUThrottlingRate({ rate: slower });
  const events = [];
  if (traced) {
    page.Tracing.dataCollected(({ value }) => events.push(...value));
    await page.Tracing.start({ traceConfig: { includedCategories: ["toplevel", "blink.user_timing", "disabled-by-default-devtools.timeline", "devtools.timeline"] } });
  }
  bytes = 0;
  const before = await busy();
  await Promise.all([page.Page.loadEventFired(), page.Page.navigate({ url: origin + "/?of=" + encodeURIComponent(name) })]);
  await sleep(SETTLED);
  const seen = { cpu: (await busy()) - before };
  const at = button && (await until("seen.at", PATIENCE));
  if (at) {
    await mouse("mouseMoved", at);
    if (idle) await sleep(SETTLED / 2);
    await mouse("mousePressed", at, "left");
    await mouse("mouseReleased", at, "left");
    await until("seen.focus", 3_000);
    await sleep(SETTLED / 2);
  }
  Object.assign(seen, await read("seen"), { bytes });
  if (traced) {
    await Promise.all([page.Tracing.tracingComplete(), page.Tracing.end()]);
    seen.longest = longest(events);
  }
  await page.HeapProfiler.collectGarbage();
  seen.heap = (await page.Runtime.getHeapUsage()).usedSize / 1e6;
  await page.close();
  await browser.Target.disposeBrowserContext({ browserContextId });
  return seen;
}

const median = (values) => {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};

const chromium = await launch();
chromium.browser = await CDP({ target: chromium.address, local: true });
const names = Object.keys(subjects);
const results = {};
for (const slower of [1, 4]) {
  for (let run = 0; run <= +runs; run++) {
    for (const name of names) {
      const [ahead, cold] = [await visit(chromium, name, slower, true), await visit(chromium, name, slower, false)];
      const traced = [await visit(chromium, name, slower, true, true), await visit(chromium, name, slower, false, true)];
      // The first round only warms up.
      if (run > 0) (results[name + slower] ??= []).push({ ...ahead, longest: Math.max(...traced.map((seen) => seen.longest)), cold: cold.focus });
    }
    process.stderr.write(`    ${slower}x, round ${run} of ${runs}\n`);
  }
}
await chromium.browser.close();
await chromium.end();
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
