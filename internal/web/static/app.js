// Wires the page: the name, the rooms, the address bar, the keyboard.

import { Chat } from './chat.js';
import { Composer } from './composer.js';
import { NameDialog, Switcher, roomName } from './dialogs.js';
import { avatar } from './message.js';
import { Announcer, Drawers, byId, showConnection, showPeople, showRooms, showTyping } from './panels.js';
import { obstacle, socketAddress } from './reach.js';
import { TimelineView } from './view.js';

const FIRST_ROOM = 'lobby';

const HELP = 'Commands: /join ROOM, /leave, /name NAME, /help. Begin with // to send a message that begins with /.';

/** Small values that survive a reload and are shared by all tabs; a browser that forbids storage only forgets. */
function storeOf(kind) {
  return {
    read(key, fallback) {
      try {
        return JSON.parse(window[kind].getItem(`throng.${key}`)) ?? fallback;
      } catch {
        return fallback;
      }
    },
    raw(key) {
      try {
        return window[kind].getItem(`throng.${key}`);
      } catch {
        return null;
      }
    },
    write(key, value) {
      try {
        window[kind].setItem(`throng.${key}`, JSON.stringify(value));
      } catch {
        // full, or forbidden
      }
    },
  };
}

const lasting = storeOf('localStorage');

class App {
  constructor(name) {
    this.active = null;
    this.dirty = new Set();
    this.announcer = new Announcer();
    this.drawers = new Drawers();
    this.view = new TimelineView({
      scroller: byId('scroller'),
      list: byId('timeline'),
      earlier: byId('earlier'),
      empty: byId('empty'),
      jump: byId('jump'),
      onRead: (message) => this.#readActive(message),
    });
    this.composer = new Composer({
      onSend: (text) => this.#send(text),
      onTyping: () => this.active.typing.say(),
      onScroll: (pages) => byId('scroller').scrollBy({ top: pages * byId('scroller').clientHeight }),
    });
    this.switcher = new Switcher({ rooms: () => [...this.chat.rooms.values()], onPick: (room) => this.go(room) });
    this.chat = new Chat({
      url: socketAddress(roomInAddress()),
      obstacle,
      name,
      store: lasting,
      onChange: (what, room) => this.#changed(what, room),
      onMessage: (room, message) => this.#arrived(room, message),
    });
    this.#listen();
    this.#showMe();
  }

  start() {
    const wanted = roomInAddress();
    lasting.read('rooms', []).forEach((room) => roomName(`${room}`) && this.chat.join(roomName(`${room}`)));
    this.go(wanted || lasting.read('room', '') || FIRST_ROOM);
    this.chat.connect();
  }

  /** Goes to a room, joining it first if need be. The address follows, and can be shared. */
  go(name) {
    const room = this.chat.join(name);
    if (roomInAddress() !== name) location.hash = `#${encodeURIComponent(name)}`;
    if (room !== this.active) this.#activate(room);
    this.drawers.close();
    this.composer.focus();
  }

  leave(room) {
    this.chat.leave(room.name);
    if (room !== this.active) return;
    this.active = null;
    this.go([...this.chat.rooms.keys()][0] ?? FIRST_ROOM);
  }

  #activate(room) {
    if (this.active) {
      this.active.draft = byId('draft').value;
      this.active.watch(false);
    }
    this.active = room;
    room.watch(true);
    lasting.write('room', room.name);
    byId('room-name').textContent = room.name;
    this.composer.show(room);
    this.view.show(room);
    this.#readActive();
    ['rooms', 'people', 'typing', 'state'].forEach((what) => this.#changed(what, room));
  }

  /** A line that begins with / is a command and goes to nobody; // sends a / at the beginning of a message. */
  #send(text) {
    this.view.toBottom();
    if (text.startsWith('/') && !text.startsWith('//')) return this.#command(text);
    this.active.send(text.replace(/^\/\//, '/'));
  }

  #command(text) {
    const [, verb, rest] = text.match(/^\/(\S*)\s*([^]*)$/);
    const argument = rest.trim();
    switch (verb.toLowerCase()) {
      case 'help':
      case '?':
        return this.active.tell(HELP);
      case 'join':
        if (roomName(argument)) return this.go(roomName(argument));
        return this.active.tell('/join needs the name of a room, for example /join lobby');
      case 'leave':
        return this.leave(this.active);
      case 'name':
        return argument ? this.#nameIs(argument.replace(/\s+/g, ' ').slice(0, 40)) : this.#rename();
      default:
        return this.active.tell(`There is no command /${verb}; /help lists them. Begin with // to send a message that begins with /.`);
    }
  }

  #arrived(room, message) {
    if (room === this.active) this.announcer.say(`${message.from.name}: ${message.text}`);
    if (room !== this.active || document.hidden || !this.view.stuck) room.countUnread(message);
    if (room === this.active && document.hidden) this.view.holdStill();
  }

  #readActive(message) {
    if (document.hidden || !this.active) return;
    if (this.view.stuck) this.active.markRead();
    else if (message) this.active.readUpTo(message);
  }

  // Changes come in bursts: 5,000 recovered messages are one refresh.
  #changed(what, room) {
    const isOutside = what === 'rooms' || what === 'state' || what === 'connection';
    if (!isOutside && room !== this.active) return;
    if (this.dirty.size === 0) soon(() => this.#refresh());
    this.dirty.add(what);
  }

  #refresh() {
    const dirty = new Set(this.dirty);
    this.dirty.clear();
    if (dirty.has('rooms')) lasting.write('rooms', [...this.chat.rooms.keys()]);
    if (dirty.has('rooms') || dirty.has('state')) this.#showRooms();
    if (dirty.has('connection')) this.#showConnection();
    if (!this.active) return;
    if (dirty.has('messages') || dirty.has('state')) this.view.refresh();
    if (dirty.has('people') || dirty.has('state')) showPeople(this.active, this.chat.client.id);
    if (dirty.has('typing')) showTyping(this.active.typing.names());
    if (dirty.has('state')) this.#showRefusal();
  }

  #showRooms() {
    const actions = { onOpen: (room) => this.go(room.name), onLeave: (room) => this.leave(room) };
    const { rooms } = this.chat;
    keepFocus(byId('room-list'), () => showRooms(rooms.values(), this.active, actions));
    const unread = this.chat.unread();
    const room = this.active ? `#${this.active.name} · ` : '';
    document.title = `${unread > 0 ? `(${unread}) ` : ''}${room}throng`;
    byId('unread-elsewhere').hidden = unread === 0;
  }

  /** The seconds count down for the eyes only; a change is said once. */
  #showConnection() {
    const { phase } = this.chat.connection;
    const news = { lost: 'Connection lost', stopped: 'Disconnected', connected: this.phase === 'lost' && 'Connected again' };
    if (phase !== this.phase && news[phase]) this.announcer.say(news[phase]);
    this.phase = phase;
    showConnection(this.chat.connection);
  }

  #showRefusal() {
    const refused = this.active.state === 'refused';
    byId('refusal').hidden = !refused;
    byId('refusal-text').textContent = this.active.refusal;
    byId('composer').inert = refused;
  }

  #showMe() {
    byId('me-avatar').replaceChildren(avatar({ name: this.chat.name }));
    byId('me-name').textContent = this.chat.name;
  }

  async #rename() {
    this.#nameIs(await nameDialog.ask({ current: this.chat.name }));
  }

  #nameIs(name) {
    if (name === this.chat.name) return;
    lasting.write('name', name);
    this.chat.rename(name);
    this.#showMe();
  }

  #listen() {
    window.addEventListener('hashchange', () => roomInAddress() && this.go(roomInAddress()));
    window.addEventListener('keydown', (event) => this.#key(event));
    document.addEventListener('visibilitychange', () => document.hidden || this.view.resume());
    for (const event of ['online', 'offline']) window.addEventListener(event, () => this.#changed('connection'));
    setInterval(() => this.chat.connection.phase !== 'connected' && this.#changed('connection'), 500);
    byId('me').addEventListener('click', () => this.#rename());
    byId('reconnect').addEventListener('click', () => this.chat.reconnect());
    byId('enter-again').addEventListener('click', () => this.active.enter());
    byId('find-room').addEventListener('click', () => this.switcher.open());
    byId('share').addEventListener('click', () => this.#share());
    byId('join-form').addEventListener('submit', (event) => this.#join(event));
  }

  #join(event) {
    event.preventDefault();
    const input = byId('join-name');
    const name = roomName(input.value);
    if (!name) return;
    input.value = '';
    this.go(name);
  }

  async #share() {
    const button = byId('share');
    try {
      await navigator.clipboard.writeText(location.href);
      button.dataset.said = 'Link copied';
    } catch {
      button.dataset.said = 'Copy the address of this page'; // plain http, or forbidden
    }
    byId('announcer').textContent = button.dataset.said;
    setTimeout(() => delete button.dataset.said, 2000);
  }

  #key(event) {
    const inField = event.target.matches?.('input, textarea');
    const isPalette = (event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === 'k';
    if (isPalette || (event.key === '/' && !inField && !document.querySelector('dialog[open]'))) {
      event.preventDefault();
      if (!byId('name-dialog').open) this.switcher.open();
    }
    if (event.key === 'Escape') this.drawers.close();
    if (event.altKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      this.#step(event.key === 'ArrowDown' ? 1 : -1);
    }
  }

  /** To the room below or above in the list. */
  #step(by) {
    const names = [...this.chat.rooms.keys()];
    this.go(names.at((names.indexOf(this.active.name) + by) % names.length));
  }
}

function roomInAddress() {
  try {
    return roomName(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return '';
  }
}

/** With the next frame; a page in the background has no frames, and is not forgotten. */
function soon(work) {
  let done = false;
  const once = () => {
    if (!done) work();
    done = true;
  };
  requestAnimationFrame(once);
  setTimeout(once, 100);
}

/** Rebuilding a list must not throw the keyboard out of it. */
function keepFocus(list, rebuild) {
  const key = list.contains(document.activeElement) && document.activeElement.dataset.key;
  rebuild();
  if (key) [...list.querySelectorAll('button')].find((button) => button.dataset.key === key)?.focus();
}

const nameDialog = new NameDialog();
let name = lasting.read('name', '');
if (typeof name !== 'string' || !name) {
  name = await nameDialog.ask({ room: roomInAddress() || FIRST_ROOM });
  lasting.write('name', name);
}
document.body.classList.add('in');
new App(name).start();
