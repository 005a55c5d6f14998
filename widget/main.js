// Starts the WebAssembly part, or the same module as plain JavaScript where a policy or a browser forbids the former.

import * as bindings from "./widget_bg.js";
import * as host from "./host.js";
import { Screen } from "./screen.js";
import { Happening } from "./what.ts";

/** Whoever has started it once need not do it again, after `destroy` for example. */
let running;

async function run(wasm) {
  const imports = { "./widget_bg.js": bindings, "./host.js": host };
  let exports;
  try {
    ({ exports } = (await WebAssembly.instantiateStreaming(wasm, imports)).instance);
  } catch (error) {
    if (!wasm.ok) throw new Error("the widget's file answered " + wasm.status);
    console.warn("porchlight: plain JavaScript takes WebAssembly's place here. The smaller and faster form needs this in the page's policy: script-src 'wasm-unsafe-eval'", error);
    exports = (await import("./plain.js")).default(imports);
  }
  bindings.__wbg_set_wasm(exports);
}

/** What a page's command makes happen. */
const commands = { open: Happening.Open, close: Happening.Close, toggle: Happening.Toggle, send: Happening.Say };

/**
 * Starts the widget; gives a function that takes the page's commands. `page` holds the launcher's `root`, the `edge`,
 * the `site`, the tag's `wishes`, its `settings` (a promise), `words` (a language and its words for a wish) and `tell`,
 * which hears the news.
 */
export async function start(page, wasm, words) {
  await (running ??= run(wasm).catch((error) => {
    running = undefined;
    throw error;
  }));
  host.begin(page, new Screen(page.root, host.gesture), words);
  return (name, value) => {
    if (name === "destroy") host.end();
    else if (name === "identify") host.take(Happening.Identify, [value?.email, value?.name]);
    else if (name === "setLocale") return page.words(value).then(host.speak);
    else host.gesture(commands[name], value);
  };
}
