// Makes a replica set of mongods just started with --replSet: node replica-set.mjs HOST:PORT[,HOST:PORT...] SET_NAME
// Ends once all are in it and one takes majority writes; fails after 60 seconds.
import { MongoClient } from "mongodb";

const ALREADY_INITIALIZED = 23;
const PRIMARY = 1;
const SECONDARY = 2;
const [addresses, setName] = process.argv.slice(2);
const hosts = addresses.split(",");
const clients = hosts.map(
  (host) => new MongoClient(`mongodb://${host}/?directConnection=true`, { serverSelectionTimeoutMS: 60_000 }),
);
// Nobody is taken into a set before it answers.
await Promise.all(clients.map((client) => client.db("admin").command({ ping: 1 })));
const admin = clients[0].db("admin");

const config = {
  _id: setName,
  members: hosts.map((host, index) => ({ _id: index, host })),
  // Another takes over from a primary that is gone in two seconds instead of ten.
  settings: { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 },
};
try {
  await admin.command({ replSetInitiate: config });
} catch (error) {
  if (error.code !== ALREADY_INITIALIZED) throw error;
}

const deadline = Date.now() + 60_000;
for (;;) {
  const { members } = await admin.command({ replSetGetStatus: 1 });
  const states = members.map((member) => member.state);
  if (states.includes(PRIMARY) && states.every((state) => state === PRIMARY || state === SECONDARY)) break;
  if (Date.now() > deadline) throw new Error(`${addresses} did not become a replica set within 60 seconds`);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await Promise.all(clients.map((client) => client.close()));
