package config

import (
	"cmp"
	"maps"
	"strconv"
)

// dataFormats returns the publication_data_format of each namespace that there has been since the start, by its name.
func (l *Loaded) dataFormats() map[string]string {
	formats := map[string]string{"": cmp.Or(l.Channel.WithoutNamespace.PublicationDataFormat, DataJSON)}
	for _, ns := range l.Channel.Namespaces {
		formats[ns.Name] = cmp.Or(ns.PublicationDataFormat, DataJSON)
	}
	maps.Copy(formats, l.formats)
	return formats
}

// checkDataFormats refuses another publication_data_format for a namespace that next has and that there has been since
// the start: its rooms have members and messages of the old one, and JSON clients must not get messages that are not JSON.
func (l *Loaded) checkDataFormats(next *Loaded) error {
	was := l.dataFormats()
	check := func(path, name, format string) error {
		if format = cmp.Or(format, DataJSON); was[name] == "" || was[name] == format {
			return nil
		}
		return next.bad(path+".publication_data_format", "%s cannot become %s while the server runs: rooms have messages and members of it", was[name], format)
	}
	if err := check("channel.without_namespace", "", next.Channel.WithoutNamespace.PublicationDataFormat); err != nil {
		return err
	}
	for i, ns := range next.Channel.Namespaces {
		if err := check("channel.namespaces["+strconv.Itoa(i)+"]", ns.Name, ns.PublicationDataFormat); err != nil {
			return err
		}
	}
	return nil
}
