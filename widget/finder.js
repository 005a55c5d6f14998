// Starts the module that finds addresses in what is typed. A file of its own, fetched when the first one may be.

import * as bindings from "./finder_bg.js";
import * as characters from "./characters.js";
import { run } from "./module.js";

/** Gives the function that finds: see `finder/src/lib.rs`. */
export async function start() {
  const wasm = await fetch(new URL("finder.wasm", import.meta.url), { credentials: "omit", signal: AbortSignal.timeout(9e3) });
  await run(bindings, { "./finder_bg.js": bindings, "./characters.js": characters }, wasm, () => import("./finder-plain.js"));
  return bindings.find;
}
