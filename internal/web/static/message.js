// One message as elements. Other people's text only ever becomes text nodes.

/** Longer texts are folded until somebody asks for them. */
const FOLD_CHARS = 1200;
const FOLD_LINES = 18;

const HUES = 12; // as many as app.css has .hue-N

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const yearFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

/** An element with attributes; a property on... is a listener, a string child a text node. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function clock(ms) {
  return clockFormat.format(ms);
}

/** Today, Yesterday, or the date; '' for a message without a time. */
export function dayName(ms) {
  if (!ms) return '';
  const day = new Date(ms);
  const days = Math.round((midnight(Date.now()) - midnight(ms)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (day.getFullYear() === new Date().getFullYear() ? dayFormat : yearFormat).format(day);
}

function midnight(ms) {
  return new Date(ms).setHours(0, 0, 0, 0);
}

/** A round badge with initials; its colour follows the user, or the name of somebody anonymous. */
export function avatar(person) {
  return el('span', { class: `avatar hue-${hue(person)}`, 'aria-hidden': 'true' }, initials(person.name));
}

export function hue(person) {
  let sum = 7;
  for (const char of person.user || person.name) sum = (sum * 31 + char.codePointAt(0)) % 65_521;
  return sum % HUES;
}

function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  return picked.map(firstLetter).join('').toLocaleUpperCase() || '?';
}

/** The first letter as people see it: an emoji of several code points is one. */
function firstLetter(word) {
  if (!Intl.Segmenter) return [...word][0];
  return new Intl.Segmenter().segment(word)[Symbol.iterator]().next().value.segment;
}

/** The row of a message. Whether it begins a group is decided later, by class. */
export function messageRow(message) {
  const { from, mine } = message;
  return el(
    'li',
    { class: `row message ${mine ? 'mine' : 'theirs'}` },
    !mine && avatar(from),
    el(
      'div',
      { class: 'body' },
      el('div', { class: 'head' }, el('bdi', { class: `name ink-${hue(from)}` }, mine ? 'You' : from.name), timeOf(message)),
      bubble(message),
    ),
  );
}

function timeOf({ time }) {
  if (!time) return null;
  return el('time', { datetime: new Date(time).toISOString(), title: fullFormat.format(time) }, clock(time));
}

/** The text itself; its time shows on hover where the head is left out. */
export function bubble({ text, isChat = true, time }) {
  const node = el('div', { class: 'bubble', dir: 'auto', title: time ? fullFormat.format(time) : null });
  if (!isChat) node.classList.add('raw');
  if (isOnlyEmoji(text)) node.classList.add('jumbo');
  node.append(...withLinks(text));
  return isLong(text) ? folded(node) : node;
}

function isLong(text) {
  return text.length > FOLD_CHARS || text.split('\n', FOLD_LINES + 1).length > FOLD_LINES;
}

function folded(node) {
  node.classList.add('folded');
  const unfold = el('button', { type: 'button', class: 'unfold', onclick: () => {
    node.classList.remove('folded');
    unfold.remove();
  } }, 'Show all of it');
  const box = el('div', { class: 'fold' }, node, unfold);
  return box;
}

function isOnlyEmoji(text) {
  return text.length < 24 && /^(\p{Extended_Pictographic}[\u{1F3FB}-\u{1F3FF}\uFE0F\u200D\s]*){1,4}$/u.test(text);
}

/** Text nodes, and links for what is an http address beyond doubt. */
export function withLinks(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>"'`\u202A-\u202E\u2066-\u2069]+/gi)) {
    const address = trimmed(match[0]);
    const url = parsed(address);
    if (!url) continue;
    nodes.push(text.slice(end, match.index), link(url, address));
    end = match.index + address.length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== '');
}

function link(url, address) {
  return el('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow ugc' }, address);
}

/** Punctuation at the end belongs to the sentence; so does a bracket that was opened before. */
function trimmed(address) {
  let result = address;
  for (;;) {
    const last = result.at(-1);
    const closes = last === ')' && result.split(')').length > result.split('(').length;
    if (!closes && !/[.,;:!?\]}*_~]/.test(last)) return result;
    result = result.slice(0, -1);
  }
}

function parsed(address) {
  try {
    const url = new URL(address);
    return url.hostname && !url.username && !url.password ? url : null;
  } catch {
    return null;
  }
}
