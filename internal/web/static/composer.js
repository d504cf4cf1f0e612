// Where one writes: grows with the text, Enter sends, Shift+Enter breaks the line.

import { byId } from './panels.js';

const WARN_AT = 500; // characters left

export class Composer {
  /** @param onSend called with the text  @param onTyping called at each change  @param onScroll called with a part of the page to scroll */
  constructor({ onSend, onTyping, onScroll }) {
    Object.assign(this, { onSend, onTyping, onScroll });
    this.draft = byId('draft');
    this.draft.addEventListener('input', () => this.#changed());
    this.draft.addEventListener('keydown', (event) => this.#key(event));
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  /** Another room, another draft. */
  show(room) {
    this.draft.value = room.draft;
    this.draft.placeholder = `Write to #${room.name}`;
    this.#fit();
  }

  /** Not where fingers are: there it would raise the keyboard over half of the room. */
  focus() {
    if (matchMedia('(pointer: fine)').matches) this.draft.focus({ preventScroll: true });
  }

  #changed() {
    this.#fit();
    if (this.draft.value.trim() !== '') this.onTyping(this.draft.value);
  }

  #key(event) {
    // While an input method composes a character, Enter chooses that character.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
    }
    const pages = { PageUp: -0.8, PageDown: 0.8 }[event.key];
    if (pages) {
      event.preventDefault();
      this.onScroll(pages);
    }
  }

  #send() {
    const text = this.draft.value.trim();
    this.draft.focus();
    if (text === '') return;
    this.draft.value = '';
    this.#fit();
    this.onSend(text);
  }

  #fit() {
    const { draft } = this;
    draft.style.height = 'auto';
    draft.style.height = `${draft.scrollHeight}px`;
    byId('send').disabled = draft.value.trim() === '';
    const left = draft.maxLength - draft.value.length;
    byId('left').textContent = left < WARN_AT ? `${left}` : '';
  }
}
