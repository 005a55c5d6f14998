// plain.mjs FROM TO: makes what `wasm2js` has written a module that is given its imports and gives its exports.
import { readFileSync, writeFileSync } from "node:fs";

const [from, to] = process.argv.slice(2);
let given = "";
const code = readFileSync(from, "utf8")
  .replace(/^import \* as (\S+) from '(.+)';$/gm, (_, name, path) => {
    given += `const ${name} = imports["${path}"];\n`;
    return "";
  })
  .replace(/^export var .*$/gm, "");
writeFileSync(to, `export default (imports) => {\n${given}${code}\nreturn retasmFunc;\n};\n`);
