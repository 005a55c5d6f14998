// What Unicode says of a character, for `finder/`: the browser has the tables anyway.

const properties = [/\p{Alphabetic}/u, /\p{Uppercase}/u, /\p{Lowercase}/u];
/** Whether a character is alphabetic, upper or lower case. */
export const has = (property, character) => properties[property].test(String.fromCodePoint(character));
/** The small form of a character that has one of a single character. */
export const small = (character) => String.fromCodePoint(character).toLowerCase().codePointAt();
