// Chromium and the users in it, for the tests of the page.

import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { Centrifuge } from 'centrifuge';
import { chromium } from 'playwright-core';
import WebSocket from 'ws';
import { startThrong } from './server.mjs';

const FLAGS = [
  '--headless',
  '--no-sandbox', // tests run as root in CI
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long anything may take before it counts as missing, ms: CI machines can be slow. */
const PATIENCE = 20_000;

/** A connection that is cut on purpose makes the browser say so. */
const EXPECTED_WHEN_CUT = /WebSocket connection to .* failed|ERR_INTERNET_DISCONNECTED|connection\/origin|Failed to load resource: net::ERR_/;

/** Chromium with a profile of its own, gone afterwards. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** What the tests of a file share: a server, a browser, and rooms that no other test is in. Call it once, at the top. */
export function setStage() {
  let rooms = 0;
  const stage = { server: undefined, browser: undefined, room: () => `room-${++rooms}` };
  before(async () => {
    [stage.server, stage.browser] = await Promise.all([startThrong(), launch()]);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.server?.stop();
  });
  afterEach(() => Promise.all(stage.browser.contexts().map((context) => context.close())));
  return stage;
}

export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

/**
 * Somebody with a browser profile of their own, on the page but without a name yet.
 * refuse(command) may give an error code, which is answered in the server's place.
 */
export async function visit(browser, url, { room = '', refuse, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  if (refuse) await page.routeWebSocket(/websocket/, (socket) => intercept(socket, refuse));
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`${error}`));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
  await page.goto(room ? `${url}#${encodeURIComponent(room)}` : url);
  return new Person(page, complaints);
}

/** Stands between page and server, line by line. */
function intercept(socket, refuse) {
  const server = socket.connectToServer();
  socket.onMessage((frame) => {
    for (const line of frame.split('\n')) {
      const command = JSON.parse(line);
      const code = refuse(command);
      if (code) socket.send(JSON.stringify({ id: command.id, error: { code, message: 'refused by the test' } }));
      else server.send(line);
    }
  });
}

/** Somebody in a room, connected. */
export async function enter(browser, url, name, options) {
  const person = await visit(browser, url, options);
  await person.page.fill('#name', name);
  await person.page.press('#name', 'Enter');
  await person.page.waitForFunction(() => /here/.test(document.querySelector('#room-count').textContent));
  return person;
}

export class Person {
  constructor(page, complaints) {
    this.page = page;
    this.complaints = complaints;
  }

  async say(...texts) {
    for (const text of texts) {
      await this.page.fill('#draft', text);
      await this.page.press('#draft', 'Enter');
    }
  }

  /** Waits until an element shows a text. */
  sees(selector, text) {
    return this.page.locator(selector).filter({ hasText: text }).first().waitFor();
  }

  gone(selector) {
    return this.page.locator(selector).waitFor({ state: 'hidden' });
  }

  /** Waits until the last text said in the room is this one. */
  hears(text) {
    const lastIs = (end) => [...document.querySelectorAll('.message:not(.outgoing) .bubble')].at(-1)?.textContent === end;
    return this.page.waitForFunction(lastIs, text);
  }

  /** Every message on the screen, in order. */
  messages() {
    return this.page.locator('#timeline .message:not(.outgoing) .bubble').allTextContents();
  }

  people() {
    return this.page.locator('#people-list .label').allTextContents();
  }

  /** The page said nothing in the console that it should not, and broke no rule of its own. */
  assertQuiet({ wasCut = false } = {}) {
    const bad = this.complaints.filter((text) => !(wasCut && EXPECTED_WHEN_CUT.test(text)));
    assert.deepEqual(bad, []);
  }
}

/** Publishes any data into a room, past the page, by the SDK itself. */
export async function publish(server, name, all) {
  const client = new Centrifuge(server.ws, { websocket: WebSocket, data: { name: 'Filler' } });
  client.connect();
  try {
    for (let i = 0; i < all.length; i += 100) {
      await Promise.all(all.slice(i, i + 100).map((data) => client.publish(name, data)));
    }
  } finally {
    client.disconnect();
  }
}

/** So many messages, numbered from 1. */
export function fill(server, name, count) {
  return publish(server, name, Array.from({ length: count }, (_, i) => ({ text: `message ${i + 1}` })));
}
