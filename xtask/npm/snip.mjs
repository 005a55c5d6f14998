// snip.mjs FROM TO: takes what words a panic out of the module FROM.
//
// Nobody reads a panic's words on a page, but they and the machinery that formats them would be a tenth of the module.
// Each function that begins a panic becomes the trap that it ends with; its words, and the paths of source files, which
// only they name, become zeros.
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

const BEGINS_PANIC =
  /(core|std)\S*::panicking::|alloc::handle_alloc_error|_fail(_rt|ed)?($|::h)|capacity_overflow|raw_vec::handle_error|rust_begin_unwind|begin_panic|rust_panic/;

/** What the standard library says in a panic. */
const WORDS =
  /(slice index starts at| but ends at|range (start|end) index| out of range for slice|cannot access a Thread Local|copy_from_slice: |does not match destination|(insertion|removal) index \(is|\) should be <|Attempted to initialize thread-local|attempt to (join|divide|add|calculate)|Tried to shrink|RefCell already|already (mutably )?borrowed|capacity overflow|mid > len|byte index)[ -~]*/g;

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
const PATHS = /(\/[\w.-]+|\b(widget|protocol))(\/[\w.+-]+)+\.rs/g;
for (const words of [WORDS, PATHS]) {
  for (const { 0: { length }, index } of text.matchAll(words)) bytes.fill(0, index, index + length);
}
writeFileSync(to, bytes);
