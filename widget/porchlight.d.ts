/** What `window.porchlight` is on a page with the tag of Porchlight: `/// <reference path="porchlight.d.ts" />`. */
interface Porchlight {
  /** Opens the panel. */
  open(): void;
  /** Closes the panel. */
  close(): void;
  /** Opens or closes the panel. */
  toggle(): void;
  /** Sends a message as if the visitor had written it; the first 4,000 characters count. */
  send(text: string): void;
  /** Says who the visitor is. The address travels with the next message; nothing is sent or kept before. */
  identify(visitor: { email?: string; name?: string }): void;
  /** Changes the language: a BCP 47 tag. Where there are no words for it, the page's or the browser's language stays. */
  setLocale(tag: string): void;
  /** Listens; gives a function that ends it. What a listener throws is reported and harms nothing. */
  on<Name extends keyof PorchlightEvents>(name: Name, listener: (event: PorchlightEvents[Name]) => void): () => void;
  /** Takes the chat off the page and leaves nothing behind. What waits to be sent waits for the next visit. */
  destroy(): void;
  /** A command and its values: what also works before the script has run, on an array. */
  push(command: PorchlightCommand): void;
}

/** A command as a list: `["send", "Hello"]`. */
type PorchlightCommand =
  | ["open"]
  | ["close"]
  | ["toggle"]
  | ["destroy"]
  | ["send", string]
  | ["setLocale", string]
  | ["identify", { email?: string; name?: string }]
  | { [Name in keyof PorchlightEvents]: ["on", Name, (event: PorchlightEvents[Name]) => void] }[keyof PorchlightEvents];

/** What can be heard, by name. */
interface PorchlightEvents {
  /** The conversation is loaded. */
  ready: Record<string, never>;
  /** The panel is shown. */
  open: Record<string, never>;
  /** The panel is hidden. */
  close: Record<string, never>;
  /** A message was written: by the visitor, an assistant or a person. */
  message: { messageId: string; role: "visitor" | "assistant" | "agent"; text: string };
  /** The conversation has this address from now on. */
  email: { email: string };
  /**
   * A message will not be taken (the server's code, `body_too_large` for example, or `full` or `expired`), the chat could
   * not be loaded (`unavailable`), or an address is none (`invalid_email`).
   */
  error: { messageId: string | null; reason: string };
}

interface Window {
  /** Before the script has run: a list of commands, which it then carries out. */
  porchlight?: Porchlight | PorchlightCommand[];
}
