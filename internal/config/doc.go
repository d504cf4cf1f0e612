// Package config is what can be set about a throng server, and how it gets its
// value.
//
// [Config] is the one list: its struct tags hold the key in the YAML file, the
// default and the help line. From it come the flags of `throng serve` (kong
// reads the same tags), the THRONG_* environment variables, the file that
// `throng config --example` writes and the validation. The nested part
// (client, channel) is named and nested as in Centrifugo v6.
//
// A value is taken from the first of these that gives one:
//
//	flag  >  THRONG_* environment  >  YAML file  >  --dev  >  default
//
// The name of a key in the four places, by example:
//
//	file    max_message: 1MiB          channel: {without_namespace: {presence: true}}
//	env     THRONG_MAX_MESSAGE=1MiB    THRONG_CHANNEL_WITHOUT_NAMESPACE_PRESENCE=true
//	flag    --max-message 1MiB         (nested keys have no flag)
//
// [Load] applies the layers and validates; the result says for every key where
// its value came from ([Loaded.Source]). An unknown key, in the file or in the
// environment, is an error: a misspelt limit must not silently be no limit.
// Errors are [*clierr.Error] and carry a hint that says what to do.
//
// A Config is plain data: after Load nobody changes it, and any goroutine may
// read it.
package config
