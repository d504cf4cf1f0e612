// The two dialogs: what to be called, and going to a room by its name.

import { el } from './message.js';
import { byId } from './panels.js';

const MAX_ROOM_BYTES = 240; // the server takes 255, and "typing:" comes before it

/** A room's name as it is typed or stands in a link; '' for nothing usable. */
export function roomName(text) {
  const name = text.trim().replace(/^#+/, '').replace(/\s+/g, '-');
  return new TextEncoder().encode(name).length <= MAX_ROOM_BYTES ? name : '';
}

export class NameDialog {
  constructor() {
    this.dialog = byId('name-dialog');
    this.input = byId('name');
    byId('name-form').addEventListener('submit', (event) => this.#submit(event));
    byId('name-cancel').addEventListener('click', () => this.dialog.close());
    // Without a name there is nothing behind the dialog to go back to.
    this.dialog.addEventListener('cancel', (event) => !this.current && event.preventDefault());
    this.dialog.addEventListener('keydown', (event) => event.key === 'Escape' && !this.current && event.preventDefault());
  }

  /** Asks, with the present name to begin from; the promise is kept once there is one. */
  ask({ current = '', room = '' }) {
    this.current = current;
    this.input.value = current;
    byId('name-cancel').hidden = !current;
    byId('name-room').textContent = room;
    byId('name-submit').textContent = current ? 'Save' : 'Come in';
    this.dialog.showModal();
    this.input.select();
    return new Promise((named) => (this.named = named));
  }

  #submit(event) {
    event.preventDefault();
    const name = this.input.value.replace(/\s+/g, ' ').trim();
    if (!name) return this.input.focus();
    this.dialog.close();
    this.named(name);
  }
}

export class Switcher {
  /** @param rooms gives the rooms to choose from  @param onPick called with a room's name */
  constructor({ rooms, onPick }) {
    Object.assign(this, { rooms, onPick });
    this.dialog = byId('switcher');
    this.input = byId('switcher-input');
    this.list = byId('switcher-list');
    this.input.addEventListener('input', () => this.#fill());
    this.dialog.addEventListener('keydown', (event) => this.#key(event));
    this.dialog.addEventListener('click', (event) => event.target === this.dialog && this.dialog.close());
    byId('switcher-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#pick(this.choices[this.at]);
    });
  }

  open() {
    if (this.dialog.open) return this.dialog.close();
    this.input.value = '';
    this.#fill();
    this.dialog.showModal();
  }

  #fill() {
    const typed = roomName(this.input.value);
    const known = this.rooms().filter((room) => room.name.toLowerCase().includes(typed.toLowerCase()));
    this.choices = known.map((room) => ({ name: room.name, hint: room.unread > 0 ? `${room.unread} unread` : '' }));
    if (typed && !known.some((room) => room.name === typed)) this.choices.push({ name: typed, hint: 'join or make' });
    this.#mark(0);
  }

  #mark(at) {
    this.at = Math.max(0, Math.min(at, this.choices.length - 1));
    this.list.replaceChildren(...this.choices.map((choice, i) => this.#option(choice, i)));
    this.list.children[this.at]?.scrollIntoView({ block: 'nearest' });
    this.input.setAttribute('aria-activedescendant', this.choices.length > 0 ? `choice-${this.at}` : '');
  }

  #option(choice, i) {
    return el(
      'li',
      { id: `choice-${i}`, role: 'option', 'aria-selected': `${i === this.at}`, onclick: () => this.#pick(choice) },
      el('span', { class: 'hash', 'aria-hidden': 'true' }, '#'),
      el('bdi', { class: 'label' }, choice.name),
      el('span', { class: 'hint' }, choice.hint),
    );
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.#mark((this.at + step + this.choices.length) % this.choices.length);
  }

  #pick(choice) {
    if (!choice) return;
    this.dialog.close();
    this.onPick(choice.name);
  }
}
