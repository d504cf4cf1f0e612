// The timeline on the screen: the last messages of a room, older ones on request.
//
// Each refresh works out which rows should stand there and moves as little as
// possible: rows are kept with their items, so a message is built once. Only a
// window of the room is ever in the document; 5,000 messages cost as much as 200.

import { bubble, dayName, el, messageRow } from './message.js';

const WINDOW = 200;
/** Rows kept when somebody asked for older ones and has come back down. */
const EXPANDED = 3 * WINDOW;
/** Messages shown above the first unread one, where it is above the window. */
const LEAD = 20;
const GROUP_GAP = 5 * 60_000;
const NEAR_BOTTOM = 48; // px

const STATES = { waiting: 'waiting for the connection', sending: 'sending', sent: 'sent' };

export class TimelineView {
  /**
   * Elements: scroller around list, earlier (button above it), empty (instead of it), jump (button over it).
   * onRead is called when the last message that is in view changes, with that message, or without one at the end.
   */
  constructor({ scroller, list, earlier, empty, jump, onRead }) {
    Object.assign(this, { scroller, list, earlier, empty, jump, onRead });
    this.room = null;
    this.anchor = null; // the first item shown, while that is not simply the last WINDOW
    this.stuck = true; // the newest message is in view and stays so
    this.rows = new WeakMap();
    this.days = new WeakMap();
    this.divider = el('li', { class: 'row divider' }, el('span', {}, 'New'));
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    earlier.addEventListener('click', () => this.showEarlier());
    jump.addEventListener('click', () => this.toBottom());
    new ResizeObserver(() => this.stuck && this.toBottom()).observe(scroller);
  }

  show(room) {
    this.room = room;
    this.anchor = null;
    this.stuck = room.unread === 0;
    this.list.replaceChildren();
    this.refresh();
    if (!this.stuck) this.#toUnread();
  }

  /** What comes while nobody looks stays below what was in view. */
  holdStill() {
    this.stuck = false;
    this.anchor ??= this.#visible()[0];
  }

  /** Somebody looks again. */
  resume() {
    if (this.room?.unread > 0) this.#toUnread();
    else this.#scrolled();
  }

  /** To where the unread messages begin; if the end is in view too, that is the bottom. */
  #toUnread() {
    const { items } = this.room.timeline;
    const first = items.indexOf(this.room.firstUnread);
    if (first < 0) return this.toBottom();
    if (!this.divider.isConnected) {
      this.anchor = items[Math.max(0, first - LEAD)];
      this.refresh();
    }
    this.anchor ??= this.#visible()[0];
    this.scroller.scrollTop += this.divider.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    this.#scrolled();
  }

  /** The last message that is wholly in view. */
  #lastInView() {
    const { bottom } = this.scroller.getBoundingClientRect();
    const visible = this.#visible();
    for (let i = visible.length - 1; i >= 0; i--) {
      const row = this.rows.get(visible[i]);
      if (visible[i].kind === 'message' && row?.isConnected && row.getBoundingClientRect().bottom <= bottom) return visible[i];
    }
    return undefined;
  }

  refresh() {
    if (!this.room) return;
    const items = this.#visible();
    const rows = this.#rowsFor(items);
    reconcile(this.list, rows);
    this.empty.hidden = rows.length > 0 || !this.room.settled;
    this.earlier.hidden = !this.room.hasEarlier && items[0] === this.room.timeline.items[0];
    if (this.stuck) this.toBottom();
    else this.#showJump();
  }

  toBottom() {
    this.stuck = true;
    if (this.list.childElementCount > EXPANDED) this.anchor = null;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#showJump();
  }

  /** Another page above; what is being read stays where it is. */
  async showEarlier() {
    const first = this.#visible()[0];
    const { timeline } = this.room;
    if (timeline.items.indexOf(first) < WINDOW && this.room.hasEarlier) await this.room.loadEarlier();
    const height = this.scroller.scrollHeight - this.scroller.scrollTop;
    const index = timeline.items.indexOf(first);
    this.anchor = timeline.items[Math.max(0, index - WINDOW)];
    this.stuck = false;
    this.refresh();
    this.scroller.scrollTop = this.scroller.scrollHeight - height;
  }

  #visible() {
    const { items } = this.room.timeline;
    const start = this.anchor ? items.indexOf(this.anchor) : -1;
    return start < 0 ? items.slice(-WINDOW) : items.slice(start);
  }

  #rowsFor(items) {
    const rows = [];
    let previous = null;
    for (const item of items) {
      const day = item.time ? dayName(item.time) : '';
      const newDay = item.kind === 'message' && day && day !== (previous?.time ? dayName(previous.time) : '');
      const newHere = item === this.room.firstUnread;
      if (newDay) rows.push(this.#day(item, day));
      if (newHere) rows.push(this.divider);
      const row = this.#row(item);
      if (item.kind === 'message') {
        row.classList.toggle('first', newDay || newHere || !continues(previous, item));
      }
      rows.push(row);
      previous = item;
    }
    for (const entry of this.room.outbox.entries) {
      const row = this.#outgoing(entry);
      row.classList.toggle('first', !previous?.mine);
      rows.push(row);
      previous = { mine: true };
    }
    return rows;
  }

  #row(item) {
    if (item.kind === 'message') return cached(this.rows, item, () => messageRow(item));
    const row = cached(this.rows, item, () => noteRow(item));
    row.className = `row note ${item.tone}`; // a lost connection is past once it is back
    return row;
  }

  #day(item, name) {
    const row = cached(this.days, item, () => el('li', { class: 'row day' }, el('span', {}, name)));
    row.firstChild.textContent = name; // Today becomes Yesterday at midnight
    return row;
  }

  #outgoing(entry) {
    const row = cached(this.rows, entry, () => outgoingRow(entry, this.room));
    row.dataset.state = entry.state;
    row.querySelector('.status').textContent =
      entry.state === 'failed' ? `Not sent: ${entry.reason}` : STATES[entry.state];
    return row;
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    const stuck = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
    if (!stuck && this.stuck) this.anchor ??= this.#visible()[0];
    this.stuck = stuck;
    this.#showJump();
    if (stuck) this.onRead();
    else if (this.room.unread > 0) this.onRead(this.#lastInView());
  }

  #showJump() {
    this.jump.hidden = this.stuck;
    const { unread } = this.room;
    this.jump.firstElementChild.textContent = unread > 0 ? `${unread} new` : 'Latest';
  }
}

function cached(map, key, make) {
  let row = map.get(key);
  if (!row) map.set(key, (row = make()));
  return row;
}

function continues(previous, item) {
  if (previous?.kind !== 'message' || previous.mine !== item.mine) return false;
  const sameSender = item.mine || previous.from.client === item.from.client;
  return sameSender && (item.time ?? 0) - (previous.time ?? 0) < GROUP_GAP;
}

function noteRow(note) {
  return el('li', {}, el('span', {}, note.text));
}

/** A message of one's own that has not come back yet. */
function outgoingRow(entry, room) {
  const retry = el('button', { type: 'button', class: 'retry', onclick: () => room.outbox.retry(entry) }, 'Try again');
  const discard = el('button', { type: 'button', class: 'retry', onclick: () => room.outbox.discard(entry) }, 'Discard');
  return el(
    'li',
    { class: 'row message mine outgoing' },
    el(
      'div',
      { class: 'body' },
      bubble(entry),
      el('div', { class: 'delivery' }, el('span', { class: 'status' }), retry, discard),
    ),
  );
}

/** Makes the children of parent be exactly rows, in order, touching only what differs. */
export function reconcile(parent, rows) {
  const wanted = new Set(rows);
  for (const child of [...parent.children]) {
    if (!wanted.has(child)) child.remove();
  }
  let at = parent.firstElementChild;
  for (const row of rows) {
    if (row === at) at = at.nextElementSibling;
    else parent.insertBefore(row, at);
  }
}
