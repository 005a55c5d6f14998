// Starts the WebAssembly part and hands the page's commands on.

import * as bindings from "./widget_bg.js";
import * as host from "./host.js";
import { run } from "./module.js";
import { Screen } from "./screen.js";
import { Happening } from "./what.ts";

/** Whoever has started it once need not do it again, after `destroy` for example. */
let running;
/**
 * Another copy of this file, which goes on after the module of this one has failed: such a module takes in nothing more,
 * and its bindings hold on to it. The number behind the address says how often that has happened on this page.
 */
let successor;
const [own, falls = 0] = import.meta.url.split("?");
const MOST_FALLS = 3;

/** What a page's command makes happen. */
const commands = { open: Happening.Open, close: Happening.Close, toggle: Happening.Toggle, send: Happening.Say };

/** Lets the page go on, so that no part of the start is a long task. */
const pause = () => window.scheduler?.yield?.() ?? new Promise((done) => setTimeout(done));

/**
 * Starts the widget; gives a function that takes the page's commands. `page` holds the launcher's `root`, the `edge`,
 * the `site`, the tag's `wishes`, its `settings` (a promise), `words` (a language and its words for a wish) and `tell`,
 * which hears the news. `kept` is whether the panel was open, and what was being written.
 */
export async function start(page, wasm, words, kept) {
  if (successor) return (await successor).start(page, wasm, words, kept);
  const imports = { "./widget_bg.js": bindings, "./host.js": host };
  await (running ??= run(bindings, imports, wasm, () => import("./plain.js")).catch((error) => {
    running = undefined;
    throw error;
  }));
  let next;
  const again = async (...kept) => {
    if (falls >= MOST_FALLS) return;
    successor = import(own + "?" + (+falls + 1));
    next = await start(page, await fetch(new URL("widget.wasm", own), { credentials: "omit" }), words, kept);
  };
  await pause();
  const screen = new Screen(page.root, host.gesture);
  await pause();
  host.begin({ ...page, again }, screen, words);
  await pause();
  screen.prime();
  await pause();
  if (kept?.[0]) host.gesture(Happening.Open);
  if (kept) host.take(Happening.Typed, [kept[1]]);
  let ready;
  // Who pressed the button more than once while nothing came wants to see the panel.
  let early = true;
  setTimeout(() => (early = false));
  const command = (name, value) => {
    if (name === "destroy") host.end();
    else if (early && name === "toggle") host.gesture(Happening.Open);
    else if (name === "identify") host.take(Happening.Identify, [value?.email, value?.name]);
    else if (name === "setLocale") return page.words(value).then(host.speak);
    else host.gesture(commands[name], value);
  };
  return (name, value) => {
    if (next) return next(name, value);
    // An address must be seen as one; what comes after it waits too.
    if (name === "identify") ready = host.canFind();
    return ready ? ready.then(() => command(name, value)) : command(name, value);
  };
}
