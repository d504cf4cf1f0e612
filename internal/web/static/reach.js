// Where the server is, and why a WebSocket to it does not open.

/** The folder of the page: a proxy may serve it below a prefix. */
const base = new URL('.', location.href);

/** The address of the WebSocket, with the room that the page begins in, so that the server can put us near the others in it. */
export function socketAddress(room) {
  const url = new URL('connection/websocket', base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  if (room) url.searchParams.set('near', room);
  return url.href;
}

/**
 * Browsers do not tell a page why its WebSocket was refused, so it asks over plain HTTP.
 * 'origin': the server accepts no pages from here. 'upgrade': it accepts them, so something
 * on the way does not pass WebSockets on. '': it does not answer, or says neither.
 */
export async function obstacle() {
  const url = new URL('connection/origin', base);
  url.searchParams.set('origin', location.origin);
  try {
    const { status } = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(5000) });
    return { 204: 'upgrade', 403: 'origin' }[status] ?? '';
  } catch {
    return '';
  }
}
