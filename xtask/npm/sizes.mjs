// sizes.mjs FILE: the sections and the largest functions of a WebAssembly module that still has its names, in bytes.
import { readFileSync } from "node:fs";

const bytes = readFileSync(process.argv[2]);
let at = 8;
const number = () => {
  for (let value = 0, shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return value;
  }
};
const text = () => {
  const length = number();
  return bytes.toString("utf8", at, (at += length));
};
const sections = [];
const sizes = [];
const names = [];
let imported = 0;
while (at < bytes.length) {
  const id = bytes[at++];
  const end = number() + at;
  const start = at;
  if (id === 2) imported = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).filter(({ kind }) => kind === "function").length;
  if (id === 10) {
    for (let count = number(); count > 0; count--) {
      sizes.push(number());
      at += sizes.at(-1);
    }
  }
  if (id === 0 && text() === "name") {
    while (at < end) {
      const kind = bytes[at++];
      const behind = number() + at;
      if (kind === 1) for (let count = number(); count > 0; count--) names[number()] = text();
      at = behind;
    }
  } else if (id === 10 || id === 11) sections.push(`${end - start} ${id === 10 ? "code" : "data"}`);
  at = end;
}
const functions = sizes.map((size, index) => [size, names[imported + index] ?? ""]).sort((a, b) => b[0] - a[0]);
for (const line of [...sections, ...functions.slice(0, 25).map((pair) => pair.join(" "))]) console.log("   ", line);
