// Turns a mongod just started with --replSet into a primary: node replica-set.mjs HOST:PORT SET_NAME
// Ends once the node takes majority writes; fails after 60 seconds.
import { MongoClient } from "mongodb";

const ALREADY_INITIALIZED = 23;
const [address, setName] = process.argv.slice(2);
const client = new MongoClient(`mongodb://${address}/?directConnection=true`, { serverSelectionTimeoutMS: 60_000 });
const admin = client.db("admin");

const config = { _id: setName, members: [{ _id: 0, host: address }] };
try {
  await admin.command({ replSetInitiate: config });
} catch (error) {
  if (error.code !== ALREADY_INITIALIZED) throw error;
}

const deadline = Date.now() + 60_000;
while (!(await admin.command({ hello: 1 })).isWritablePrimary) {
  if (Date.now() > deadline) throw new Error(`${address} did not become primary within 60 seconds`);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await client.close();
