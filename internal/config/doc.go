// Package config defines the settings of a throng server and reads their values.
//
// [Config] declares every setting once. Its struct tags are the key in the YAML file, the default and the help text. The
// flags of `throng serve` (kong reads the same tags), the THRONG_* environment variables and the file that
// `throng config --example` writes are derived from them. The nested parts client and channel have the keys of
// Centrifugo v6.
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
// [Load] applies the layers and validates the result, which knows the source of each value ([Loaded.Source]). An unknown
// key in the file or in the environment is an error, because a misspelt limit would otherwise be no limit. Errors are
// [*clierr.Error] with a hint.
//
// A Config is not changed after Load, so any goroutine may read it.
package config
