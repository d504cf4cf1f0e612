// The connection and the rooms: everything between the SDK and the page.

import { Room } from './room.js';

/**
 * The SDK, and the two things it knows and does not tell: when it tries again,
 * and when a message was stored. Both overridden methods are private to the
 * pinned version under vendor; the browser tests fail if an update changes them.
 */
class Client extends globalThis.Centrifuge {
  id = ''; // of the current connection, as others see it

  _getReconnectDelay() {
    const delay = super._getReconnectDelay();
    this.emit('retry', { at: performance.now() + delay });
    return delay;
  }

  _getPublicationContext(channel, publication) {
    const context = super._getPublicationContext(channel, publication);
    if (publication.time) context.time = Number(publication.time); // unix milliseconds
    return context;
  }
}

/**
 * The ids of what was written in this browser, in any tab, so that its messages are its own in every tab and after a
 * reload. Another tab may have written meanwhile: an unknown id is looked up in the store again if the store changed.
 */
class Sent {
  constructor(store) {
    this.store = store;
    this.ids = new Map();
    this.read = undefined;
    this.#refresh();
  }

  remember(id, text) {
    this.#refresh();
    this.ids.set(id, fingerprint(text));
    this.store.write('sent', [...this.ids].slice(-500));
  }

  /** The text counts too: ids are public once a message is, and anybody could repeat one. */
  wrote(id, text) {
    if (!this.ids.has(id)) this.#refresh();
    return this.ids.get(id) === fingerprint(text);
  }

  #refresh() {
    const stored = this.store.raw('sent');
    if (stored === this.read) return;
    this.read = stored;
    for (const [id, print] of this.store.read('sent', [])) this.ids.set(id, print);
  }
}

export class Chat {
  /**
   * @param obstacle tells what may keep the connection from opening
   * @param store keeps small values for all tabs: read(key, fallback), write(key, value), raw(key) as it is stored
   * @param onChange called with what changed (connection, rooms, messages, people, typing, state) and its room
   * @param onMessage called with a room and each of its new messages
   */
  constructor({ url, name, obstacle, store, onChange, onMessage }) {
    this.name = name;
    this.changed = onChange;
    this.onMessage = onMessage;
    this.rooms = new Map();
    this.connection = { phase: 'connecting' }; // connecting, connected, lost, stopped
    this.quiet = false; // we closed the connection ourselves, to come back at once
    this.sent = new Sent(store);
    this.client = new Client(url, { data: { name } });
    this.client.on('connecting', () => this.#connecting());
    this.client.on('connected', ({ client }) => this.#connected(client));
    this.client.on('disconnected', (ctx) => this.#disconnected(ctx));
    this.client.on('retry', ({ at }) => this.#failed(at, obstacle));
  }

  connect() {
    this.client.connect();
  }

  /** Try again now, whatever the SDK was waiting for. */
  reconnect() {
    const { phase, since } = this.connection;
    this.quiet = phase !== 'lost';
    if (phase === 'lost') this.#setConnection({ phase, since });
    this.client.disconnect();
    this.client.connect();
  }

  rename(name) {
    this.name = name;
    this.client.setData({ name });
    this.reconnect();
  }

  join(name) {
    const known = this.rooms.get(name);
    if (known) return known;
    const room = new Room({
      name,
      client: this.client,
      sent: this.sent,
      onChange: (what) => this.changed(what, room),
      onMessage: this.onMessage,
    });
    this.rooms.set(name, room);
    room.enter();
    this.changed('rooms', room);
    return room;
  }

  leave(name) {
    this.rooms.get(name)?.leave();
    this.rooms.delete(name);
    this.changed('rooms');
  }

  unread() {
    return [...this.rooms.values()].reduce((sum, room) => sum + room.unread, 0);
  }

  #setConnection(connection) {
    this.connection = connection;
    this.changed('connection');
  }

  #connecting() {
    const { phase } = this.connection;
    if (phase === 'connected' && !this.quiet) return this.#lost();
    if (phase !== 'lost') this.#setConnection({ phase: 'connecting' });
  }

  /** An attempt to connect has failed; the next one is at a time of performance.now(). */
  async #failed(at, obstacle) {
    this.#setConnection({ ...this.connection, retryAt: at });
    const found = await obstacle();
    const { phase } = this.connection;
    if (phase === 'connected' || (phase === 'lost' && found === 'upgrade')) return; // WebSockets have come through before
    this.#setConnection({ ...this.connection, obstacle: found });
  }

  #lost() {
    const at = Date.now();
    this.#setConnection({ phase: 'lost', since: at });
    this.rooms.forEach((room) => room.connectionLost(at));
  }

  #connected(id) {
    this.client.id = id;
    this.quiet = false;
    this.#setConnection({ phase: 'connected' });
  }

  #disconnected({ code, reason }) {
    if (code === 0) return; // our own disconnect, inside reconnect
    this.#lost();
    this.#setConnection({ phase: 'stopped', reason });
  }
}

/** FNV-1a: short, and good enough to tell one's own text from another. */
function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
