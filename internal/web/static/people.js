// Who is in a room, and who is typing there.

/** Too many to list: the server answers 106, and only the number is shown. */
const LIMIT_EXCEEDED = 106;
const REFRESH = 30_000;

/** How long one sign of typing is shown, and how often we send our own. */
const TYPING_SHOWN = 4_500;
const TYPING_EVERY = 3_000;

/** A person as the page shows them, from the client info of the protocol. */
export function personOf(info) {
  if (!info) return { client: '', user: '', name: 'server', isServer: true };
  const given = info.connInfo?.name;
  const name = typeof given === 'string' ? given.replace(/\s+/g, ' ').trim().slice(0, 40) : '';
  return { client: info.client, user: info.user || '', name: name || info.user || `guest ${info.client.slice(0, 4)}` };
}

export class People {
  constructor(subscription, onChange) {
    this.subscription = subscription;
    this.onChange = onChange;
    this.here = new Map();
    this.count = 0;
    this.listed = false; // false: not known yet, not allowed, or too many
  }

  /** Asks the server; joins and leaves keep the answer up to date. */
  async refresh() {
    try {
      const { clients } = await this.subscription.presence();
      this.here = new Map(Object.values(clients).map((info) => [info.client, personOf(info)]));
      this.count = this.here.size;
      this.listed = true;
    } catch (error) {
      if (error.code === LIMIT_EXCEEDED) await this.#countOnly();
    }
    this.onChange();
  }

  async #countOnly() {
    this.listed = false;
    this.here.clear();
    try {
      this.count = (await this.subscription.presenceStats()).numClients;
    } catch {
      this.count = 0;
    }
  }

  joined(info) {
    if (!this.listed) return;
    this.here.set(info.client, personOf(info));
    this.count = this.here.size;
    this.onChange();
  }

  left(info) {
    if (!this.here.delete(info.client)) return;
    this.count = this.here.size;
    this.onChange();
  }

  /** Everyone once, by name; the tabs of one user are one person. */
  list() {
    const byUser = new Map();
    for (const person of this.here.values()) byUser.set(person.user || person.client, person);
    return [...byUser.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Repeats the question now and then while the room is looked at: joins are not pushed in big rooms. */
  watch(on) {
    clearInterval(this.timer);
    if (on) this.timer = setInterval(() => this.refresh(), REFRESH);
  }
}

export class Typing {
  constructor(client, room, onChange) {
    this.client = client;
    this.channel = `typing:${room}`;
    this.onChange = onChange;
    this.typers = new Map();
    this.saidAt = -Infinity;
  }

  /** Listens while the room is looked at. */
  watch(on) {
    if (on && !this.subscription) this.#listen();
    if (!on && this.subscription) {
      this.subscription.unsubscribe();
      this.client.removeSubscription(this.subscription);
      this.subscription = null;
      [...this.typers.keys()].forEach((client) => this.stopped(client));
    }
  }

  #listen() {
    this.subscription = this.client.newSubscription(this.channel);
    this.subscription.on('publication', ({ data, info }) => {
      if (data?.typing === true && info && info.client !== this.client.id) this.#started(personOf(info));
    });
    this.subscription.subscribe();
  }

  #started(person) {
    clearTimeout(this.typers.get(person.client)?.timer);
    const timer = setTimeout(() => this.stopped(person.client), TYPING_SHOWN);
    this.typers.set(person.client, { name: person.name, timer });
    this.onChange();
  }

  /** Their message arrived, they left, or they have been still for a while. */
  stopped(client) {
    const typer = this.typers.get(client);
    if (!typer) return;
    clearTimeout(typer.timer);
    this.typers.delete(client);
    this.onChange();
  }

  /** This person is typing: tells the others, at most every three seconds. */
  say() {
    const now = performance.now();
    if (this.subscription?.state !== 'subscribed' || now - this.saidAt < TYPING_EVERY) return;
    this.saidAt = now;
    this.client.publish(this.channel, { typing: true }).catch(() => {}); // a sign lost is no loss
  }

  /** After a message the next key is a new beginning. */
  reset() {
    this.saidAt = -Infinity;
  }

  names() {
    return [...this.typers.values()].map((typer) => typer.name);
  }
}
