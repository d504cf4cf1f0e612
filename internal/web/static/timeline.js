// The messages and notes of one room, in order: plain data, no elements.
//
// A message's place is its offset, which the server gives: offsets rise but
// leave gaps. When the server's history has been replaced, offsets start anew;
// a generation counts how often that happened, so what was seen before stays
// above what came after.

/** How many items of a room are kept; the oldest go first. */
const KEEP = 10_000;

export class Timeline {
  constructor() {
    this.items = [];
    this.generation = 0;
    this.seen = new Set(); // the keys of the messages in items
  }

  /** Adds messages wherever they belong and returns those that were new. */
  merge(messages) {
    const fresh = messages.filter((m) => this.#claim(m));
    this.#placeNext(fresh);
    const inOrder = fresh.length > 0 && isRising(fresh) && !this.#isBefore(fresh[0]);
    this.items.push(...fresh);
    if (!inOrder) {
      this.items.sort(byPlace); // stable: equal places keep their order
    }
    this.#trim();
    return fresh;
  }

  /** Adds a line about the connection or the room after the newest message. */
  note(tone, text) {
    const note = { kind: 'note', tone, text, time: Date.now(), generation: this.generation, offset: this.lastOffset };
    this.items.push(note);
    return note;
  }

  /** What follows comes from another history: offsets start anew. */
  startOver() {
    this.generation++;
  }

  remove(items) {
    this.items = this.items.filter((item) => !items.includes(item));
  }

  get lastOffset() {
    const last = this.items.at(-1);
    return last?.generation === this.generation ? last.offset : 0;
  }

  /** The oldest message of the current history: where a page of older ones begins. */
  get oldest() {
    return this.items.find((item) => item.kind === 'message' && item.generation === this.generation);
  }

  /** True once per message: the same offset, or the same id with the same text, is a repeat. */
  #claim(message) {
    message.generation = this.generation;
    const keys = keysOf(message);
    if (keys.some((key) => this.seen.has(key))) return false;
    message.keys = keys;
    keys.forEach((key) => this.seen.add(key));
    return true;
  }

  /** In a room without history there are no offsets: a message comes after the one before it. */
  #placeNext(messages) {
    let last = this.lastOffset;
    for (const message of messages) last = message.offset ||= last;
  }

  #isBefore(message) {
    const last = this.items.at(-1);
    return last !== undefined && byPlace(message, last) < 0;
  }

  #trim() {
    if (this.items.length > KEEP + KEEP / 10) {
      const gone = this.items.splice(0, this.items.length - KEEP);
      gone.forEach(({ keys }) => keys?.forEach((key) => this.seen.delete(key)));
    }
  }
}

/** A message without an offset gets one later, so the keys are those it had when it came. */
function keysOf({ generation, offset, id, text }) {
  const keys = [];
  if (offset) keys.push(`${generation}@${offset}`);
  if (id) keys.push(`${id}\n${text}`);
  return keys;
}

function byPlace(a, b) {
  return a.generation - b.generation || a.offset - b.offset;
}

function isRising(messages) {
  return messages.every((m, i) => i === 0 || byPlace(messages[i - 1], m) <= 0);
}
