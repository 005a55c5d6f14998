// snip.mjs FROM TO: takes what words a panic out of the module FROM.
//
// Nobody reads a panic's words on a page, but they and the machinery that formats them would be a tenth of the module.
// Each function that begins a panic becomes the trap that it ends with, and the paths of source files, which only its
// words name, become zeros.
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

const BEGINS_PANIC =
  /(core|std)\S*::panicking::|alloc::handle_alloc_error|_fail(_rt|ed)?($|::h)|capacity_overflow|raw_vec::handle_error|rust_begin_unwind|begin_panic|rust_panic/;

const [from, to] = process.argv.slice(2);
binaryen.setDebugInfo(true);
const module = binaryen.readBinary(readFileSync(from));
for (let index = 0; index < module.getNumFunctions(); index++) {
  const pointer = module.getFunctionByIndex(index);
  const { name, module: imported } = binaryen.getFunctionInfo(pointer);
  const plain = name.replace(/\\([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  if (!imported && BEGINS_PANIC.test(plain)) binaryen.Function.setBody(pointer, module.unreachable());
}
const bytes = Buffer.from(module.emitBinary());
const text = bytes.toString("latin1");
for (const { 0: path, index } of text.matchAll(/(\/[\w.-]+|\b(widget|protocol))(\/[\w.+-]+)+\.rs/g)) bytes.fill(0, index, index + path.length);
writeFileSync(to, bytes);
