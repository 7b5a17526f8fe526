// SPDX-License-Identifier: BSL-1.0
// JSON as hookd needs it: texts that travel byte for byte, and nothing that JSON.stringify changes silently.

import { InvalidArgumentError } from './errors.js';

/** A JSON text that is sent byte for byte, as the whole of a payload or reply. */
export class RawJson {
  constructor(text) {
    try {
      JSON.parse(text);
    } catch (error) {
      throw new InvalidArgumentError(`the text is not valid JSON: ${error.message}`);
    }
    this.text = String(text);
  }

  toJSON() {
    throw new InvalidArgumentError('a RawJson can be a whole payload or reply, not a part of one');
  }
}

// JSON.stringify would write null for these, and the hook would see another payload.
function refuseWhatIsNoJson(key, value) {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new InvalidArgumentError(`this can't be sent as JSON: ${value} is not a JSON number`);
  }
  return value;
}

/** The JSON text of a value. Lone surrogates become escapes. */
export function encode(value) {
  if (value instanceof RawJson) return value.text;
  let text;
  try {
    text = JSON.stringify(value, refuseWhatIsNoJson);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw new InvalidArgumentError(`this can't be sent as JSON: ${error.message}`);
  }
  if (text === undefined) throw new InvalidArgumentError(`this can't be sent as JSON: ${typeof value}`);
  return text;
}

/** As encode; members may be RawJson, and those that are undefined are left out. */
export function encodeObject(members) {
  const present = Object.entries(members).filter(([, value]) => value !== undefined);
  return `{${present.map(([name, value]) => `${encode(name)}:${encode(value)}`).join(',')}}`;
}

/**
 * The text, as it stands, of a member of the object that `text` is, or of an object within; undefined where there is no such member.
 * Of repeated names the last counts, as it does in JSON.parse. `text` must be valid JSON.
 */
export function memberText(text, ...names) {
  let found = text;
  for (const name of names) {
    found = member(found, name);
    if (found === undefined) return undefined;
  }
  return found;
}

const quote = 0x22;
const backslash = 0x5c;
const isSpace = (code) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

function skipSpace(text, at) {
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

// The place behind the string that begins at `at`.
function skipString(text, at) {
  for (at += 1; text.charCodeAt(at) !== quote; at += 1) {
    if (text.charCodeAt(at) === backslash) at += 1;
  }
  return at + 1;
}

// The place behind the value that begins at `at`.
function skipValue(text, at) {
  let depth = 0;
  for (; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') {
      at = skipString(text, at) - 1;
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
      if (depth < 0) return at;
    } else if (character === ',' && depth === 0) {
      return at;
    }
  }
  return at;
}

function member(text, wanted) {
  let at = skipSpace(text, 0);
  if (text[at] !== '{') return undefined;
  let found;
  at = skipSpace(text, at + 1);
  while (text[at] === '"') {
    const nameEnd = skipString(text, at);
    const name = JSON.parse(text.slice(at, nameEnd));
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    at = skipValue(text, start);
    if (name === wanted) found = text.slice(start, at).trimEnd();
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return found;
}
