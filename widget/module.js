// Starts a WebAssembly module, or the same module as plain JavaScript where a policy or a browser forbids the former.

/** `wasm` is the answer that brings it, `plain` imports the other form. */
export async function run(bindings, imports, wasm, plain) {
  let exports;
  try {
    ({ exports } = (await WebAssembly.instantiateStreaming(wasm, imports)).instance);
  } catch (error) {
    if (!wasm.ok) throw new Error("the widget's file answered " + wasm.status);
    console.warn("porchlight: plain JavaScript takes WebAssembly's place here. The smaller and faster form needs this in the page's policy: script-src 'wasm-unsafe-eval'", error);
    exports = (await plain()).default(imports);
  }
  bindings.__wbg_set_wasm(exports);
}
