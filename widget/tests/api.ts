/// <reference path="../porchlight.d.ts" />
// What pages may write against the types; `tsc` says whether it is right. Nobody runs it.

window.porchlight = [
  ["open"],
  ["send", "Hello"],
  ["identify", { email: "jane@acme.com" }],
  ["on", "email", (event: PorchlightEvents["email"]) => event.email.trim()],
];

function later(porchlight: Porchlight): void {
  const off: () => void = porchlight.on("message", ({ messageId, role, text }) => {
    const known: "visitor" | "assistant" | "agent" = role;
    console.log(messageId.length, known, text.trim());
  });
  off();
  porchlight.on("error", ({ messageId, reason }) => console.log(messageId?.length, reason.trim()));
  porchlight.push(["setLocale", "de"]);
  porchlight.identify({ name: "Jane" });
  // @ts-expect-error there is no such event
  porchlight.on("nothing", () => {});
  // @ts-expect-error a message is a text
  porchlight.send(1);
  // @ts-expect-error there is no such command
  porchlight.push(["jump"]);
}
later(window.porchlight as unknown as Porchlight);
