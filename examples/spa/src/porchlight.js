import { useEffect } from "react";

/** A command for the chat, also before its script has run: `chat("open")`, `chat("send", "Hello")`. */
export function chat(...command) {
  (window.porchlight ??= []).push(command);
}

/** Hears one kind of the chat's events while a component is shown; `listener` should stay the same function. */
export function useChatEvent(name, listener) {
  useEffect(() => {
    let shown = true;
    // What waits in the list cannot be taken back, but be deaf.
    chat("on", name, (event) => shown && listener(event));
    return () => {
      shown = false;
    };
  }, [name, listener]);
}
