// What is done to the page: elements, words, focus, scrolling. `view.rs` decides what is shown.
//
// By hand and not by bindings, because each binding costs more bytes than its line here. Nothing is parsed as markup.

import { Happening } from "./what.ts";

/** The panel: depth, tag, part, attributes; `@` in front of a value takes the word of that key. */
const PANEL = `
0 section panel role=dialog aria-labelledby=title hidden
1 div header
2 span avatar aria-hidden=true
2 h2 title id=title text=@title
2 button menu-button do=menu aria-expanded=false aria-controls=menu aria-label=@menu
2 button close do=${Happening.Close} aria-label=@close
1 div menu id=menu role=group aria-label=@menu hidden
2 button item:sound do=${Happening.Sound} aria-pressed=false text=@sound
2 button item:times do=times aria-pressed=false text=@times hidden
2 button item:copy do=copy text=@copy hidden
2 button item:download do=download text=@download hidden
2 button item:erase do=${Happening.Erase} text=@erase hidden
1 div messages tabindex=0 role=log aria-live=polite aria-label=@log
2 p greeting text=@greeting
2 p away text=@away hidden
2 div log
2 div typing aria-hidden=true hidden
1 p status role=status
1 div footer
2 button latest do=latest text=@latest hidden
2 p banner role=status
2 div consent role=group aria-labelledby=question hidden
3 p question id=question text=@ask
3 a privacy:question-privacy target=_blank rel=noopener text=@privacy hidden
3 div choices
4 button choice:agree do=${Happening.Agree} text=@agree
4 button choice:decline do=${Happening.Decline} text=@decline
2 div sure role=group aria-labelledby=sure-text hidden
3 p sure-text id=sure-text
3 div choices
4 button choice:erase-yes do=${Happening.EraseYes} text=@eraseYes
4 button choice:erase-no do=${Happening.EraseNo} text=@cancel
2 div writing
3 button suggestion do=${Happening.Suggest} hidden
3 div address hidden
4 span address-text
4 button address-edit do=${Happening.Edit}
3 div address-editor hidden
4 label address-label for=address-input text=@address
4 input address-input id=address-input type=email autocomplete=email dir=ltr aria-describedby=address-error
4 p address-error id=address-error role=alert
4 button address-cancel do=${Happening.Leave} text=@cancel
4 button address-save do=${Happening.Save} text=@save
3 div composer
4 textarea input rows=1 dir=auto enterkeyhint=send aria-label=@placeholder placeholder=@placeholder
4 button send do=${Happening.Send} aria-label=@send
3 p notice hidden
4 span notice-text text=@notice
4 a privacy:notice-privacy target=_blank rel=noopener text=@privacy hidden`;

const SHEET = "(max-width: 480px), (max-height: 480px)";

/**
 * Red, green and blue, from 0 to 255, and alpha, to 1, of any colour that CSS knows. Where its name does not say, the
 * browser paints it and is asked, which some of them answer with anything.
 */
export function channels(color) {
  const named = /^rgba?\(([\d., ]+)\)$/.exec(color);
  if (named) return named[1].split(",").map(Number);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha / 255];
}

export class Screen {
  /** Builds the panel beside the launcher, hidden; `take(what, value)` hears what the visitor does. */
  constructor(root, take) {
    this.root = root;
    this.take = take;
    this.words = {};
    this.looks = {};
    this.off = new AbortController();
    this.atEnd = true;
    this.scrolled = 0;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`__PORCHLIGHT_STYLE__`);
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    const launcher = root.querySelector("[part~=launcher]");
    this.parts = { host: root.host, launcher };
    const open = [root];
    for (const line of PANEL.trim().split("\n")) {
      const [depth, tag, part, ...attributes] = line.split(" ");
      const [look, name = look] = part.split(":");
      open[+depth + 1] = this.parts[name] = this.make(open[depth], tag, name === look ? look : look + " " + name, attributes);
    }
    this.parts.badge = this.make(launcher, "span", "badge", ["aria-hidden=true", "hidden"]);
    this.listen();
  }

  make(parent, tag, part, attributes = []) {
    const element = document.createElement(tag);
    element.setAttribute("part", part);
    if (tag === "button") element.type = "button";
    for (const attribute of attributes) {
      const [, name, value] = /^([^=]+)=?(.*)$/.exec(attribute);
      if (value[0] === "@") this.say(element, name, value.slice(1));
      else element.setAttribute(name === "do" ? "data-do" : name, value);
    }
    parent.append(element);
    return element;
  }

  /** Puts a word into an element's text or attribute, and keeps it there when the language changes. */
  say(element, name, key, argument) {
    (element.said ||= {})[name] = [key, argument];
    const text = this.word(key, argument);
    if (name !== "text") element.setAttribute(name, text.replace("{}", argument));
    else if (argument == null) element.textContent = text;
    else {
      // An address keeps its own direction within the sentence.
      const [before, after = ""] = text.split("{}");
      const inner = document.createElement("bdi");
      inner.textContent = argument;
      element.replaceChildren(before, inner, after);
    }
  }

  /** The word of a key; with a number, in the form that the number takes. */
  word(key, number) {
    const form = key === "unread" ? "unread." + new Intl.PluralRules(this.locale).select(number) : key;
    return this.words[form] ?? this.words[key + ".other"] ?? "";
  }

  /** Speaks a language from now on; its direction is the panel's. */
  speak(locale, words) {
    this.locale = locale;
    this.words = words;
    this.parts.panel.lang = locale;
    this.parts.panel.dir = /^(ar|he|fa|ur)\b/.test(locale) ? "rtl" : "ltr";
    for (const element of this.root.querySelectorAll("*")) {
      for (const name in element.said) this.say(element, name, ...element.said[name]);
      if (element.dateTime) this.time(element, element.dateTime);
    }
    this.monogram();
  }

  /** Shows what the business has set and nothing is decided by; `position` is the tag's wish before its own. */
  business({ name, greeting, hours, privacyUrl }, position) {
    this.set("host", "data-position", position === "left" ? position : undefined);
    for (const [part, text] of Object.entries({ title: name, greeting, away: hours?.away })) {
      if (text) this.set(part, "text", text);
    }
    for (const part of ["question-privacy", "notice-privacy"]) {
      this.set(part, "href", privacyUrl ?? undefined);
      this.set(part, "shown", privacyUrl ?? undefined);
    }
  }

  monogram() {
    const [first = ""] = this.parts.title.textContent;
    this.parts.avatar.textContent = first.toLocaleUpperCase(this.locale);
  }

  /** `shown`, `text`, `value`, `say` (a key and, behind a space, what stands for `{}`), or an attribute. */
  set(part, name, value) {
    const [element, look] = [this.parts[part], part + " " + name];
    // Touched only where it differs: a text that is put in again would be read out again.
    if (this.looks[look] === value) return;
    this.looks[look] = value;
    // Before the panel changes anything: the page's colours are known then, and not worked out again.
    if (name === "data-open" && value != null) this.dress();
    if (name === "shown") {
      // A hidden element loses the focus, so that nobody can ask later.
      if (part === "panel" && value == null) this.held = this.root.activeElement;
      element.hidden = value == null;
    } else if (name === "text" || (name === "say" && value == null)) {
      element.said = undefined;
      element.textContent = value ?? "";
    } else if (name === "value") {
      if (element.value !== value) element.value = value;
      this.grow();
    } else if (name.startsWith("say")) {
      const [, key, argument] = /^(\S+) ?(.*)$/s.exec(value);
      this.say(element, name.slice(4) || "text", key, argument || undefined);
    } else if (name.startsWith("--")) element.style.setProperty(name, value);
    else if (value == null) element.removeAttribute(name);
    else element.setAttribute(name, value);
    if (part === "title") this.monogram();
    if (part === "panel" && name === "shown") this.opened(value != null);
    if (part === "badge" && name === "text") this.unread(value);
  }

  /** A message at its place in the log; `sources` holds a title and an address a line, a tab between. */
  line(index, id, role, text, state, reason, at, sources) {
    const { log, latest } = this.parts;
    const old = [...log.children].find((child) => child.dataset.id === id);
    const element = old || this.message(id, role, sources);
    const content = [text, state, reason, at].join("\0");
    if (element.content !== content) {
      element.content = content;
      if (role === "visitor") element.dataset.state = state;
      // Words that still come are heard once, when they are all there.
      element.ariaHidden = state === "partial" || null;
      const [, words, meta] = element.children;
      if (words.textContent !== text) words.textContent = text;
      this.mark(meta, role, state, reason, at);
      const retry = element.querySelector("[part=retry]");
      if (retry && retry === this.root.activeElement) this.focus("input");
      retry?.remove();
      if (state === "failed") this.make(element, "button", "retry", [`do=${Happening.Retry}`, "text=@retry"]).value = id;
    }
    if (!old && role === "visitor") this.atEnd = true;
    else if (!old && !this.atEnd) latest.hidden = false;
    // Put in whole: a screen reader says what is added, and only that.
    if (log.children[index] !== element) log.insertBefore(element, log.children[index] ?? null);
    this.follow();
  }

  message(id, role, sources) {
    const element = this.make(document.createDocumentFragment(), "div", "message");
    Object.assign(element.dataset, { id, role });
    this.say(this.make(element, "span", "author"), "text", role === "visitor" ? "you" : role);
    this.make(element, "span", "text");
    this.make(element, "span", "meta", ["aria-live=off"]);
    if (sources) this.source(this.make(element, "ul", "sources", ["aria-label=@sources"]), sources);
    return element;
  }

  /** What stands small below a message. */
  mark(meta, role, state, reason, at) {
    meta.replaceChildren();
    if (at) this.time(this.make(meta, "time", "time"), at);
    if (role === "visitor") this.say(this.make(meta, "span", "state"), "text", state);
    if (reason) this.reason(this.make(meta, "span", "reason"), reason);
  }

  /** Most of what the server may have against a message is nothing that its writer can mend. */
  reason(element, reason) {
    this.say(element, "text", this.words[reason] ? reason : "refused");
  }

  source(list, sources) {
    for (const source of sources.split("\n")) {
      const [title, url] = source.split("\t");
      const item = this.make(list, "li", "source");
      if (!/^https?:/.test(url)) item.textContent = title;
      else Object.assign(this.make(item, "a", "link", ["target=_blank", "rel=noopener"]), { href: url, textContent: title });
    }
  }

  time(element, at) {
    const when = new Date(at);
    const today = when.toDateString() === new Date().toDateString();
    element.dateTime = at;
    element.textContent = new Intl.DateTimeFormat(this.locale, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" }).format(when);
  }

  /** Takes away what stands behind the first `count` messages. */
  trim(count) {
    const { log } = this.parts;
    while (log.children.length > count) log.lastChild.remove();
  }

  /** Never out of what is typed into on the page, nor from there to the button. */
  focus(part) {
    const { activeElement } = document;
    const elsewhere = activeElement !== this.root.host;
    if (elsewhere && (part === "launcher" ? !this.held : activeElement?.matches("input, textarea, select, [contenteditable]"))) return;
    this.parts[part].focus();
    this.parts[part].select?.();
  }

  /** Two soft notes. */
  chime() {
    const audio = new AudioContext();
    [660, 880].forEach((pitch, index) => {
      const [note, gain, start] = [audio.createOscillator(), audio.createGain(), audio.currentTime + index * 0.12];
      note.frequency.value = pitch;
      gain.gain.setValueAtTime(0.06, start);
      gain.gain.exponentialRampToValueAtTime(0.0001, start + 0.25);
      note.connect(gain).connect(audio.destination);
      note.start(start);
      note.stop(start + 0.25);
      note.onended = () => index && audio.close();
    });
  }

  /** Puts what is unread into the page's title. */
  unread(count) {
    const old = this.unreadMark || "";
    this.unreadMark = count ? `(${count}) ` : "";
    if (this.unreadMark !== old) {
      document.title = this.unreadMark + (old && document.title.startsWith(old) ? document.title.slice(old.length) : document.title);
    }
  }

  /** Takes its listeners from the page. */
  destroy() {
    this.off.abort();
    this.sizes.disconnect();
    this.unread();
    this.parts.panel.remove();
    this.parts.badge.remove();
  }

  listen() {
    const { parts, root, off } = this;
    const on = (target, name, take) => target?.addEventListener(name, take, { signal: off.signal });
    on(parts.input, "input", () => {
      this.grow();
      this.take(Happening.Typed, parts.input.value);
    });
    on(root, "click", (event) => {
      const button = event.target.closest("[data-do]");
      if (button) this.act(button.dataset.do, button);
      // Who selects words does not ask for the time.
      else if (event.target.closest("[part~=text]") && (root.getSelection?.() ?? getSelection()).type !== "Range") this.act("times", parts.times);
    });
    on(document, "pointerdown", (event) => {
      const path = event.composedPath();
      if (!path.includes(parts.menu) && !path.includes(parts["menu-button"])) this.menu(false);
    });
    on(root, "keydown", (event) => this.key(event));
    on(parts.messages, "scroll", () => {
      const { scrollTop, clientHeight, scrollHeight } = parts.messages;
      const near = scrollTop + clientHeight > scrollHeight - 48;
      // Only who goes up leaves the end: the box may have become smaller.
      this.atEnd = near || (this.atEnd && scrollTop >= this.scrolled);
      this.scrolled = scrollTop;
      if (near) parts.latest.hidden = true;
    });
    on(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.dress());
    for (const name of ["resize", "scroll"]) on(window.visualViewport, name, () => this.fit());
    this.sizes = new ResizeObserver(() => this.follow());
    this.sizes.observe(parts.messages);
  }

  act(action, button) {
    const { parts } = this;
    const own = {
      menu: () => this.menu(parts.menu.hidden),
      times: () => button.setAttribute("aria-pressed", parts.log.toggleAttribute("data-times")),
      copy: () => this.copy(),
      download: () => this.download(),
      latest: () => {
        this.atEnd = true;
        this.follow();
        parts.messages.focus();
      },
    }[action];
    if (own) return own();
    if (+action !== Happening.Sound) this.menu(false);
    this.take(+action, +action === Happening.Save ? parts["address-input"].value : button.value || "");
  }

  key(event) {
    const { parts } = this;
    const { key, target } = event;
    if (event.isComposing || event.keyCode === 229) return;
    if (key === "Tab") return this.turn(event);
    const action =
      key === "Enter" && target === parts["address-input"] ? Happening.Save
      : key === "Enter" && target === parts.input && !event.shiftKey ? Happening.Send
      : key === "Escape" && !parts.menu.hidden ? "menu"
      : key === "Escape" && !parts.panel.hidden ? (parts["address-editor"].hidden ? (parts.sure.hidden ? Happening.Close : Happening.EraseNo) : Happening.Leave)
      : "";
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    this.act(action, target);
    if (action === "menu") parts["menu-button"].focus();
  }

  /** Where the panel covers the page, the focus goes round within it. */
  turn(event) {
    if (!matchMedia(SHEET).matches) return;
    const stops = [...this.root.querySelectorAll("button, a, input, textarea, [tabindex]")].filter((stop) => stop.getClientRects().length);
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (event.target !== from) return;
    event.preventDefault();
    to.focus();
  }

  menu(shown) {
    const { menu } = this.parts;
    menu.hidden = !shown;
    this.parts["menu-button"].setAttribute("aria-expanded", shown);
    if (!shown) return;
    this.say(this.parts.copy, "text", "copy");
    menu.firstChild.focus();
  }

  /** Has the hidden panel laid out once: its fonts are there, and its words in shape, before somebody waits for them. */
  prime() {
    const { panel } = this.parts;
    if (!panel.hidden) return;
    panel.hidden = false;
    panel.getBoundingClientRect();
    panel.hidden = true;
  }

  opened(shown) {
    this.menu(false);
    this.fit();
    // What covers the page has the focus, also where nobody has asked for it.
    if (shown && matchMedia(SHEET).matches) this.parts.close.focus();
    this.grow();
    this.atEnd = true;
  }

  /** Keeps the newest words in sight, unless the visitor is reading further up. */
  follow() {
    const { messages, panel } = this.parts;
    if (!this.atEnd) return;
    // The panel itself scrolls where it is very low.
    panel.scrollTop = panel.scrollHeight;
    messages.scrollTop = this.scrolled = messages.scrollHeight - messages.clientHeight;
  }

  /** The part of the page that a keyboard on the screen leaves free. */
  fit() {
    const view = window.visualViewport;
    if (!view || this.parts.panel.hidden) return;
    const covers = matchMedia(SHEET).matches;
    this.set("panel", "aria-modal", covers ? "true" : undefined);
    if (!covers) return;
    // Both before either is set: to ask makes the browser lay out what has changed.
    const { offsetTop, height } = view;
    const { style } = this.parts.panel;
    style.setProperty("--top", offsetTop + "px");
    style.setProperty("--height", height + "px");
  }

  /** The text box is as high as its text, also where styles can't say so. */
  grow() {
    if (CSS.supports("field-sizing", "content")) return;
    const { input } = this.parts;
    input.style.height = "auto";
    input.style.height = input.scrollHeight + "px";
  }

  /** Light or dark: as the page says, else as it is painted; what paints nothing is white, unless it likes the dark. */
  dress() {
    const [page, root] = [document.body, document.documentElement].map((element) => getComputedStyle(element));
    const said = getComputedStyle(this.root.host).getPropertyValue("--porchlight-scheme").trim();
    const paint = [page, root].map((style) => channels(style.backgroundColor)).find(([, , , alpha = 1]) => alpha > 0.5);
    const schemes = root.colorScheme + document.querySelector("meta[name=color-scheme]")?.content;
    const likes = /dark/.test(schemes) && (!/light/.test(schemes) || matchMedia("(prefers-color-scheme: dark)").matches);
    const dark = said ? said === "dark" : paint ? paint[0] * 0.3 + paint[1] * 0.6 + paint[2] * 0.1 < 110 : likes;
    this.root.host.toggleAttribute("data-dark", dark);
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.transcript());
      this.say(this.parts.copy, "text", "copied");
    } catch {
      // A page may forbid it; the file holds the same.
      this.download();
    }
  }

  transcript() {
    const lines = [...this.parts.log.children].map((line) => {
      const read = (part) => line.querySelector(`[part~=${part}]`)?.textContent || "";
      return `${read("author")} (${read("time")})\n${read("text")}\n`;
    });
    return [this.parts.title.textContent + "\n", ...lines].join("\n");
  }

  download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([this.transcript()], { type: "text/plain" }));
    link.download = this.parts.title.textContent + ".txt";
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
