// Runs a built Worker in the Workers runtime: node edge.mjs FOLDER PORT [NAME=VALUE]…
//
// With the bindings of the folder's wrangler.toml, as `wrangler dev` has them, and with more variables. That one has a
// second runtime in front, which waits for changes of the files; now and then the two wait for each other without end.
// Prints "listening on ADDRESS" once it is up; what the Worker says goes to stderr.
import { dirname, join } from "node:path";
import { Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as readWorker } from "wrangler";

const [folder, port, ...variables] = process.argv.slice(2);
const { workerOptions, main } = readWorker(join(folder, "wrangler.toml"));
const runtime = new Miniflare({
  ...workerOptions,
  bindings: { ...workerOptions.bindings, ...Object.fromEntries(variables.map((variable) => variable.split(/=(.*)/s, 2))) },
  modules: true,
  modulesRoot: dirname(main),
  scriptPath: main,
  host: "127.0.0.1",
  port: +port,
  // A made-up place of each request: the true one would have to be asked for outside.
  cf: false,
  handleRuntimeStdio: (...streams) => streams.forEach((stream) => stream.pipe(process.stderr)),
});
console.log("listening on " + (await runtime.ready).origin);
