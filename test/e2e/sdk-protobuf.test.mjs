// The tests of sdk.test.mjs with the Protobuf build of the SDK, as the SDKs for phones speak.

process.env.SDK = 'protobuf';
await import('./sdk.test.mjs');
