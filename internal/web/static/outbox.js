// What this person wrote into one room and what is not yet known to be stored.
//
// An entry is waiting (no connection), sending, sent (acknowledged, its echo is
// on the way) or failed. It leaves when its echo comes back as a message of the
// room, matched by id: that alone proves what everybody else sees, and it also
// settles entries whose acknowledgement was lost with the connection.

/** Errors of the SDK that mean: the connection went, the message may not have. */
const CONNECTION_WENT = new Set([2, 3, 10, 11]);
const TIMEOUT = 1;
const TOO_MANY_REQUESTS = 111;
const MAX_TRIES = 5;

export class Outbox {
  /**
   * @param publish sends one entry, rejects with an SDK error
   * @param canSend whether the room can take messages now
   * @param onChange called whenever an entry changes
   */
  constructor({ publish, canSend, onChange }) {
    this.entries = [];
    this.publish = publish;
    this.canSend = canSend;
    this.onChange = onChange;
    this.flushing = false;
  }

  add(id, text) {
    this.entries.push({ id, text, time: Date.now(), state: 'waiting', reason: '', tries: 0 });
    this.flush();
    this.onChange();
  }

  /** The echo of an entry arrived. */
  confirm(id) {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.id !== id);
    if (this.entries.length !== before) this.onChange();
  }

  retry(entry) {
    entry.state = 'waiting';
    entry.tries = 0;
    this.flush();
    this.onChange();
  }

  discard(entry) {
    this.confirm(entry.id);
  }

  /** The room was loaded anew: what was acknowledged has its place there, or above what was loaded. */
  forgetSent() {
    this.entries = this.entries.filter((entry) => entry.state !== 'sent');
  }

  /** Sends what waits, one at a time so that the order stays. */
  async flush() {
    if (this.flushing) return;
    this.flushing = true;
    let entry;
    while (this.canSend() && (entry = this.entries.find((e) => e.state === 'waiting'))) {
      await this.#send(entry);
    }
    this.flushing = false;
  }

  async #send(entry) {
    this.#set(entry, 'sending');
    try {
      await this.publish(entry);
      this.#set(entry, 'sent');
    } catch (error) {
      await this.#settle(entry, error);
    }
  }

  async #settle(entry, error) {
    if (CONNECTION_WENT.has(error.code) || (error.code === TIMEOUT && !this.canSend())) {
      this.#set(entry, 'waiting');
      return;
    }
    entry.tries++;
    if (error.code === TOO_MANY_REQUESTS && entry.tries < MAX_TRIES) {
      await pause(250 * 2 ** entry.tries);
      this.#set(entry, 'waiting');
      return;
    }
    this.#set(entry, 'failed', reasonOf(error));
  }

  #set(entry, state, reason = '') {
    entry.state = state;
    entry.reason = reason;
    this.onChange();
  }
}

function reasonOf(error) {
  switch (error.code) {
    case TIMEOUT:
      return 'no answer from the server';
    case 100:
      return 'the server could not confirm it';
    case 103:
      return 'you may not write here';
    case TOO_MANY_REQUESTS:
      return 'the server is busy';
    default:
      return error.message || 'unknown reason';
  }
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
