// What stands around the timeline: rooms, people, the state of the connection.

import { avatar, clock, el } from './message.js';

export const byId = (id) => document.getElementById(id);

/** The list of rooms with what is unread in each. */
export function showRooms(rooms, active, { onOpen, onLeave }) {
  byId('room-list').replaceChildren(...[...rooms].map((room) => roomRow(room, room === active, onOpen, onLeave)));
}

function roomRow(room, isActive, onOpen, onLeave) {
  const unread = room.unread > 0 && el('span', { class: 'badge' }, room.unread > 99 ? '99+' : `${room.unread}`);
  const label = room.unread > 0 ? `${room.name}, ${room.unread} unread` : room.name;
  return el(
    'li',
    { class: `room ${room.state}` },
    el(
      'button',
      { type: 'button', class: 'open', 'aria-current': isActive && 'page', 'aria-label': label, 'data-key': `open ${room.name}`, onclick: () => onOpen(room) },
      el('span', { class: 'hash', 'aria-hidden': 'true' }, '#'),
      el('bdi', { class: 'label' }, room.name),
      unread,
    ),
    el('button', { type: 'button', class: 'icon leave', 'aria-label': `Leave ${room.name}`, 'data-key': `leave ${room.name}`, title: 'Leave', onclick: () => onLeave(room) }, '×'),
  );
}

/** Who is here. */
export function showPeople(room, me) {
  const { people } = room;
  byId('people-list').replaceChildren(...people.list().map((person) => personRow(person, person.client === me)));
  byId('people-count').textContent = people.count > 0 ? people.count.toLocaleString() : '';
  byId('people-note').textContent = !people.listed && people.count > 0 ? 'Too many people to list them all.' : '';
  byId('room-count').textContent = describeCount(room);
}

function personRow(person, isMe) {
  return el('li', {}, avatar(person), el('bdi', { class: 'label' }, person.name), isMe && el('span', { class: 'tag' }, 'you'));
}

function describeCount({ state, epoch, people }) {
  if (state === 'refused') return 'closed to you';
  if (state === 'entering') return epoch === null ? 'entering…' : 'waiting for the connection';
  if (people.count === 0) return '';
  return people.count === 1 ? 'only you are here' : `${people.count.toLocaleString()} here`;
}

/** "Ana is typing", for up to three names. */
export function showTyping(names) {
  const box = byId('typing');
  box.classList.toggle('on', names.length > 0);
  if (names.length > 0) box.querySelector('bdi').textContent = describeTyping(names);
}

function describeTyping(names) {
  if (names.length === 1) return `${names[0]} is typing`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing`;
  return 'Several people are typing';
}

/** The connection, in the corner always and over the timeline while there is something to say. */
export function showConnection(connection) {
  const { tone, short, long, canRetry } = describeConnection(connection);
  const pill = byId('connection');
  pill.dataset.tone = tone;
  pill.lastElementChild.textContent = short;
  const banner = byId('banner');
  banner.hidden = tone === 'good';
  banner.dataset.tone = tone;
  byId('banner-text').textContent = long ?? short;
  byId('reconnect').hidden = !canRetry;
}

/** What keeps the connection from opening, see reach.js. */
const OBSTACLES = {
  origin: {
    short: 'Not accepted',
    long: `The server does not accept pages from ${location.origin}. Whoever runs it finds the reason in its log`,
  },
  upgrade: {
    short: 'No WebSocket',
    long: 'The server answers, but not to a WebSocket: something on the way does not pass it on',
  },
};

function describeConnection({ phase, retryAt, since, reason, obstacle }) {
  const seconds = Math.ceil(((retryAt ?? 0) - performance.now()) / 1000);
  const next = seconds > 0 ? `trying again in ${seconds} s` : 'trying again now';
  if (phase === 'connected') return { tone: 'good', short: 'Connected' };
  if (phase === 'stopped') {
    return { tone: 'bad', short: 'Disconnected', long: `The server ended the connection: ${reason}.`, canRetry: true };
  }
  if (!navigator.onLine) {
    return { tone: 'bad', short: 'Offline', long: 'You are offline. What you write is sent when you are back.' };
  }
  if (OBSTACLES[obstacle]) {
    const { short, long } = OBSTACLES[obstacle];
    return { tone: 'bad', short, long: `${long}: ${next}.`, canRetry: seconds > 0 };
  }
  if (phase === 'lost') {
    const short = seconds > 0 ? `Reconnecting in ${seconds} s` : 'Reconnecting…';
    return { tone: 'wait', short, long: `Connection lost at ${clock(since)}: ${next}.`, canRetry: seconds > 0 };
  }
  if (retryAt) return { tone: 'wait', short: 'No connection', long: `The server does not answer: ${next}.`, canRetry: seconds > 0 };
  return { tone: 'wait', short: 'Connecting…' };
}

/** Speaks to screen readers: one thing as it is, a burst of messages by its number. */
export class Announcer {
  constructor() {
    this.queue = [];
  }

  say(text) {
    this.queue.push(text);
    this.timer ??= setTimeout(() => this.#speak(), 600);
  }

  #speak() {
    const { queue } = this;
    byId('announcer').textContent = queue.length === 1 ? queue[0].slice(0, 300) : `${queue.length} new messages`;
    this.queue = [];
    this.timer = null;
  }
}

/** The panels at the sides are drawers on a small screen: one at a time, the rest asleep. */
export class Drawers {
  constructor() {
    this.scrim = byId('scrim');
    this.scrim.addEventListener('click', () => this.close());
    for (const button of document.querySelectorAll('[data-drawer]')) {
      button.addEventListener('click', () => this.toggle(button.dataset.drawer, button));
    }
    matchMedia('(min-width: 1100px)').addEventListener('change', () => this.close());
  }

  toggle(id, button) {
    const wasOpen = this.open === id;
    this.close();
    if (!wasOpen) this.#show(id, button);
  }

  #show(id, button) {
    Object.assign(this, { open: id, button });
    byId(id).classList.add('open');
    button.setAttribute('aria-expanded', 'true');
    this.scrim.hidden = false;
    byId('main').inert = true;
    byId(id).querySelector('button, input')?.focus();
  }

  close() {
    if (!this.open) return false;
    byId(this.open).classList.remove('open');
    this.button.setAttribute('aria-expanded', 'false');
    this.scrim.hidden = true;
    byId('main').inert = false;
    this.open = null;
    this.button.focus();
    return true;
  }
}
