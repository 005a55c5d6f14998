"use client";

/** Opens the chat, also before its script has run. */
export function Ask() {
  return <button onClick={() => (window.porchlight ??= []).push(["open"])}>Ask for a fleet</button>;
}
