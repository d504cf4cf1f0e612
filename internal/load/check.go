package load

import (
	"context"

	"github.com/throngd/throng/internal/limits"
)

// Check returns the limits of this machine that are too low for a run.
func Check(ctx context.Context, o Options) ([]limits.Finding, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Scenario == "mixed" {
		return nil, nil // its parts are small as a rule
	}
	d, err := lookUp(ctx, o)
	if err != nil {
		return nil, err
	}
	o.chooseSources(d.Addr.Addr())
	m, err := limits.This()
	if err != nil {
		return nil, err
	}
	return m.CheckClient(limits.ClientNeed{
		Connections: o.Connections, Processes: processes(o), Sources: max(1, len(o.sources)), Both: d.Addr.Addr().IsLoopback(),
	}), nil
}
