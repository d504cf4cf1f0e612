package config

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Typing is the namespace in which the demo page publishes typing notices.
const Typing = "typing"

// applyDev sets the values of --dev. The file, the environment and the flags take precedence.
func (l *Loaded) applyDev() {
	l.Client = Client{AllowAnonymous: true, NameAsInfo: true}
	l.devNonZero("client", &l.Client)
	l.CommandsPerSecond = 0
	l.devKey("commands_per_second")
	l.BytesPerSecond = 0
	l.devKey("bytes_per_second")
	l.NewRoomsPerSecond = 0
	l.devKey("new_rooms_per_second")

	o := everythingAllowed()
	o.Presence, o.JoinLeave = true, true
	o.ForceRecovery, o.ForcePositioning, o.AllowRecovery, o.AllowPositioning = true, true, true, true
	o.HistorySize, o.HistoryTTL = 5000, 24*time.Hour
	l.Channel.WithoutNamespace = o
	l.devNonZero("channel.without_namespace", &l.Channel.WithoutNamespace)
}

// completeDev adds what --dev needs and no layer has set: the origins of this machine and the typing namespace.
func (l *Loaded) completeDev() {
	if l.AllowedOrigins == nil {
		l.AllowedOrigins = LocalOrigins()
		l.devKey("allowed_origins")
	}
	l.dropDevRecovery()
	named := func(ns Namespace) bool { return ns.Name == Typing }
	if slices.ContainsFunc(l.Channel.Namespaces, named) {
		return
	}
	ns := Namespace{Name: Typing, Options: everythingAllowed()}
	l.devNonZero(fmt.Sprintf("channel.namespaces[%d]", len(l.Channel.Namespaces)), &ns)
	l.Channel.Namespaces = append(l.Channel.Namespaces, ns)
}

// dropDevRecovery removes the values of --dev about history if another layer has switched the history off, since
// history_size: 0 alone is not a mistake.
func (l *Loaded) dropDevRecovery() {
	o := &l.Channel.WithoutNamespace
	if o.HistorySize != 0 && o.HistoryTTL != 0 {
		return
	}
	walk(reflect.ValueOf(o).Elem(), "channel.without_namespace.", func(path string, f field) {
		switch f.key {
		case "history_size", "history_ttl", "force_recovery", "allow_recovery":
			if l.Source(path).Layer == Dev {
				f.value.SetZero()
				delete(l.sources, path)
			}
		}
	})
}

func everythingAllowed() Options {
	return Options{
		AllowSubscribeForClient: true, AllowSubscribeForAnonymous: true,
		AllowPublishForClient: true, AllowPublishForSubscriber: true, AllowPublishForAnonymous: true,
		AllowPresenceForClient: true, AllowPresenceForSubscriber: true, AllowPresenceForAnonymous: true,
		AllowHistoryForClient: true, AllowHistoryForSubscriber: true, AllowHistoryForAnonymous: true,
	}
}

func (l *Loaded) devKey(key string) { l.sources[key] = Source{Layer: Dev} }

// devNonZero records --dev as the source of every key of o that is not zero.
func (l *Loaded) devNonZero(prefix string, o any) {
	walk(reflect.ValueOf(o).Elem(), prefix+".", func(path string, f field) {
		if !f.value.IsZero() {
			l.devKey(path)
		}
	})
}
