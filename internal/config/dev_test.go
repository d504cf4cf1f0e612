package config

import (
	"slices"
	"testing"
	"time"
)

var devFlag = map[string]any{"dev": true}

func TestDevDefaults(t *testing.T) {
	l := mustLoad(t, "", nil, devFlag)
	o := l.Channel.WithoutNamespace
	if !o.Presence || !o.JoinLeave || !o.ForceRecovery || o.HistorySize != 5000 || o.HistoryTTL != 24*time.Hour ||
		!o.AllowPublishForAnonymous || !o.AllowHistoryForClient {
		t.Errorf("default namespace: %+v", o)
	}
	if !l.Client.AllowAnonymous || !l.Client.NameAsInfo {
		t.Errorf("client: %+v", l.Client)
	}
	for _, origin := range []string{"http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"} {
		if !slices.Contains(l.AllowedOrigins, origin) {
			t.Errorf("%s is not among %q", origin, l.AllowedOrigins)
		}
	}
	ns := l.Channel.Namespaces
	if len(ns) != 1 || ns[0].Name != Typing || ns[0].Presence || ns[0].JoinLeave || ns[0].HistorySize != 0 || !ns[0].AllowPublishForAnonymous {
		t.Errorf("typing: %+v", ns)
	}
}

func TestDevIsOverridden(t *testing.T) {
	l := mustLoad(t, `
dev: true
allowed_origins: []
client: {allow_anonymous_connect_without_token: false}
channel:
  without_namespace: {presence: false, history_size: 7}
  namespaces:
    - {name: typing, presence: true}
    - {name: chat}
`, nil, nil)
	o := l.Channel.WithoutNamespace
	if o.Presence || o.HistorySize != 7 || !o.JoinLeave || l.Client.AllowAnonymous || len(l.AllowedOrigins) != 0 {
		t.Errorf("the file lost against --dev: %+v", l.Config)
	}
	if ns := l.Channel.Namespaces; len(ns) != 2 || !ns[0].Presence || ns[0].AllowPublishForClient {
		t.Errorf("typing of the file was changed: %+v", ns)
	}
}

func TestDevKeepsOtherNamespaces(t *testing.T) {
	l := mustLoad(t, "channel: {namespaces: [{name: chat}]}\n", []string{"THRONG_DEV=1"}, nil)
	if ns := l.Channel.Namespaces; len(ns) != 2 || ns[0].Name != "chat" || ns[1].Name != Typing {
		t.Errorf("%+v", ns)
	}
}

// TestDevWithoutHistory: turning the history off also turns off the recovery that --dev brought.
func TestDevWithoutHistory(t *testing.T) {
	l := mustLoad(t, "channel: {without_namespace: {history_size: 0}}\n", nil, devFlag)
	if o := l.Channel.WithoutNamespace; o.ForceRecovery || o.HistoryTTL != 0 || !o.Presence {
		t.Errorf("%+v", o)
	}
	_, err := load(t, "channel: {without_namespace: {history_size: 0, force_recovery: true}}\n", nil, devFlag)
	rejected(t, err, "recovery needs a history", "")
}

func TestDevTurnedOff(t *testing.T) {
	l := mustLoad(t, "dev: true\n", []string{"THRONG_DEV=true"}, map[string]any{"dev": false})
	if l.Dev || l.Client.AllowAnonymous || l.Channel.Namespaces != nil {
		t.Errorf("%+v", l.Config)
	}
}
