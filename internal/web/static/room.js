// One room: its subscription and everything known about it.

import { Outbox } from './outbox.js';
import { People, Typing, personOf } from './people.js';
import { Timeline } from './timeline.js';
import { clock } from './message.js';

/** Messages asked for at once: on entering, and for each page of older ones. */
const PAGE = 200;

/** The SDK's error of a command without an answer in time. */
const TIMED_OUT = 1;

const NEW_HISTORY = 'The server was restarted and begins a new history. What was said in the meantime may be missing above.';
const TOO_LONG_AWAY = 'Away for longer than the history reaches back: some messages are missing above.';

const REFUSALS = {
  102: 'There is no such room on this server.',
  103: 'You may not enter this room.',
  106: 'The server has reached its limit of rooms.',
};

export class Room {
  /**
   * @param sent what this browser wrote: remember(id, text), wrote(id, text)
   * @param onChange called with what changed: messages, people, typing, state
   * @param onMessage called with each new message that is not from the history
   */
  constructor({ name, client, sent, onChange, onMessage }) {
    this.name = name;
    this.client = client;
    this.sent = sent;
    this.changed = onChange;
    this.onMessage = onMessage;
    this.timeline = new Timeline();
    this.state = 'entering'; // entering, here, refused
    this.settled = false; // here, and what was missed is known: now it is clear what to send again
    this.refusal = '';
    this.unread = 0;
    this.firstUnread = null;
    this.hasEarlier = false;
    this.draft = '';
    this.epoch = null;
    this.outage = null; // {at, note}: the connection was lost and the room not caught up yet
    this.uneventful = null; // the two lines of the last outage in which nothing was missed
    this.catchingUp = null; // {count} while recovered messages come in
    this.subscription = this.#subscribe();
    this.people = new People(this.subscription, () => this.changed('people'));
    this.typing = new Typing(client, name, () => this.changed('typing'));
    this.outbox = new Outbox({
      publish: ({ id, text }) => client.publish(name, { text, id }),
      canSend: () => this.settled,
      onChange: () => this.changed('messages'),
    });
  }

  #subscribe() {
    const sub = this.client.newSubscription(this.name, { recoverable: true, positioned: true, joinLeave: true });
    sub.on('subscribing', () => this.#away('entering'));
    sub.on('subscribed', (ctx) => this.#entered(ctx));
    sub.on('unsubscribed', (ctx) => this.#refused(ctx));
    sub.on('publication', (ctx) => this.#receive(ctx));
    sub.on('join', ({ info }) => this.people.joined(info));
    sub.on('leave', ({ info }) => {
      this.people.left(info);
      this.typing.stopped(info.client);
    });
    return sub;
  }

  enter() {
    this.subscription.subscribe();
  }

  leave() {
    this.watch(false);
    this.subscription.unsubscribe();
    this.client.removeSubscription(this.subscription);
  }

  /** Looked at or not: typing and the number of people matter only then. */
  watch(on) {
    this.typing.watch(on);
    this.people.watch(on);
    if (!on) this.firstUnread = null;
  }

  send(text) {
    const id = crypto.randomUUID?.() ?? Math.random().toString(36).slice(2) + Date.now().toString(36);
    this.sent.remember(id, text);
    this.typing.reset();
    this.firstUnread = null;
    this.outbox.add(id, text);
  }

  countUnread(message) {
    if (this.unread++ === 0) this.firstUnread = message;
    this.changed('state');
  }

  markRead() {
    this.#setUnread(0);
  }

  /** Everything up to this message was in view; what stands below it is unread still. */
  readUpTo(message) {
    if (this.unread === 0) return;
    const { items } = this.timeline;
    const below = items.slice(items.lastIndexOf(message) + 1);
    this.#setUnread(Math.min(this.unread, below.filter((item) => item.kind === 'message' && !item.mine).length));
  }

  /** A line for this person alone. */
  tell(text) {
    this.timeline.note('told', text);
    this.changed('messages');
  }

  #setUnread(n) {
    if (this.unread === n) return;
    this.unread = n;
    this.changed('state');
  }

  /** Called by the chat when the connection is gone. */
  connectionLost(at) {
    if (this.outage || this.epoch === null) return;
    this.#forgetUneventful();
    this.outage = { at, note: this.timeline.note('lost', `Connection lost at ${clock(at)}`) };
    this.changed('messages');
  }

  /** A page of older messages; the answer tells whether there were any. */
  async loadEarlier() {
    const oldest = this.timeline.oldest;
    if (!oldest) return false;
    try {
      return (await this.#loadPage({ offset: oldest.offset, epoch: this.epoch })).length > 0;
    } catch {
      this.hasEarlier = false; // its messages were evicted meanwhile, or the connection went
      return false;
    }
  }

  #setState(state, refusal = '') {
    this.state = state;
    this.refusal = refusal;
    this.changed('state');
  }

  #away(state, refusal) {
    this.settled = false;
    this.#setState(state, refusal);
  }

  #refused({ code, reason }) {
    if (code === 0) return; // our own leave
    this.#away('refused', REFUSALS[code] ?? `The server closed this room: ${reason}.`);
  }

  #entered(ctx) {
    const returning = this.epoch !== null;
    const epoch = ctx.streamPosition?.epoch ?? '';
    const caughtUp = ctx.wasRecovering && ctx.recovered;
    const newHistory = returning && epoch !== this.epoch;
    const tooOld = returning && !caughtUp && (ctx.wasRecovering || newHistory);
    if (tooOld) this.timeline.startOver();
    this.epoch = epoch;
    this.#setState('here');
    this.people.refresh();
    if (caughtUp) {
      this.#catchUp();
    } else {
      this.#reload({ returning, tooOld, newHistory });
    }
  }

  // Much that was missed comes in parts, and the server answers a history when all of them have come. Where nobody may
  // read the history the first part must do.
  async #catchUp() {
    const missed = { count: this.catchingUp?.count ?? 0 }; // what came before the connection went again counts too
    this.catchingUp = missed;
    const here = () => this.catchingUp === missed && this.state === 'here';
    for (let late = true; late && here(); ) {
      late = await this.subscription.history({ limit: 0 }).then(() => false, ({ code }) => code === TIMED_OUT);
    }
    if (!here()) return;
    this.catchingUp = null;
    this.#noteReturn(missed.count);
    this.#settle();
  }

  async #reload({ returning, tooOld, newHistory }) {
    this.catchingUp = null;
    try {
      const fresh = await this.#loadPage();
      if (tooOld || (returning && fresh.length === PAGE)) {
        this.timeline.note('warn', newHistory ? NEW_HISTORY : TOO_LONG_AWAY);
      } else if (returning) {
        this.#noteReturn(fresh.filter((m) => !m.mine).length);
      }
    } catch {
      if (returning) this.timeline.note('warn', 'Back, but what was said meanwhile could not be loaded.');
    }
    this.outbox.forgetSent();
    this.#settle();
  }

  #noteReturn(missed) {
    if (missed > 0) {
      this.timeline.note('back', `Caught up: ${missed} missed ${missed === 1 ? 'message' : 'messages'}`);
    } else if (this.outage) {
      this.uneventful = [this.outage.note, this.timeline.note('back', `Back at ${clock(Date.now())}, nothing missed`)];
    }
  }

  #settle() {
    if (this.outage) this.outage.note.tone = 'past';
    this.outage = null;
    this.settled = this.state === 'here';
    this.outbox.flush();
    this.changed('messages');
  }

  /** A connection that comes and goes with nothing missed leaves one pair of lines, not a column of them. */
  #forgetUneventful() {
    const notes = this.uneventful;
    if (notes && this.timeline.items.at(-1) === notes[1]) this.timeline.remove(notes);
    this.uneventful = null;
  }

  async #loadPage(since) {
    const publications = await this.#lastBefore(since);
    this.hasEarlier = publications.length === PAGE;
    const messages = publications.reverse().map((pub) => this.#messageOf(pub, null));
    const fresh = this.timeline.merge(messages);
    fresh.filter((m) => m.mine).forEach((m) => this.outbox.confirm(m.id));
    this.changed('messages');
    return fresh;
  }

  /** The last messages before a position, newest first. An answer may be shorter than asked for: then it asks on. */
  async #lastBefore(since) {
    const all = [];
    for (let more = true; more && all.length < PAGE; ) {
      const request = { limit: PAGE - all.length, reverse: true, ...(since && { since }) };
      const { publications, epoch } = await this.subscription.history(request);
      all.push(...publications);
      since = { offset: publications.at(-1)?.offset, epoch };
      more = publications.length > 0;
    }
    return all;
  }

  #receive(ctx) {
    const message = this.#messageOf(ctx, Date.now());
    if (message.mine) this.outbox.confirm(message.id);
    if (this.timeline.merge([message]).length === 0) return;
    this.typing.stopped(message.from.client);
    if (!message.mine) {
      if (this.catchingUp) this.catchingUp.count++;
      this.onMessage(this, message);
    }
    this.changed('messages');
  }

  /** Nothing of what others send is trusted to have any shape. */
  #messageOf({ data, info, offset, time }, now) {
    const isChat = typeof data?.text === 'string';
    const text = isChat ? data.text : JSON.stringify(data) ?? '';
    const id = typeof data?.id === 'string' ? data.id.slice(0, 64) : '';
    const mine = id !== '' && this.sent.wrote(id, text);
    return { kind: 'message', id, text, isChat, mine, from: personOf(info), offset, time: time ?? now };
  }
}
