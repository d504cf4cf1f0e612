// The Protobuf build of the SDK carries data as bytes. withJSONData makes a client of it that takes and gives values, as the
// JSON build does, so that the same tests run with both.

import { Centrifuge } from 'centrifuge/build/protobuf';

const encode = (value) => new TextEncoder().encode(JSON.stringify(value));

/** A copy of what the SDK gives, with values for bytes. */
function decode(value) {
  if (value instanceof Uint8Array) return value.length ? JSON.parse(new TextDecoder().decode(value)) : undefined;
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, decode(v)]));
}

/** Has the emitter emit values, and its methods take and return them. */
function adapt(emitter, methods) {
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (event, ...args) => emit(event, ...args.map(decode));
  for (const [name, ofData] of Object.entries(methods)) {
    const method = emitter[name].bind(emitter);
    emitter[name] = async (...args) => decode(await method(...args.map((arg, i) => (i === ofData ? encode(arg) : arg))));
  }
  return emitter;
}

export function withJSONData(url, { data, ...options }) {
  const client = adapt(new Centrifuge(url, { ...options, data: encode(data) }), { publish: 1, rpc: 1 });
  const newSubscription = client.newSubscription.bind(client);
  // A subscription publishes by the client.
  client.newSubscription = (...args) => adapt(newSubscription(...args), { history: -1, presence: -1 });
  return client;
}
