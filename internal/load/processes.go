package load

import (
	"context"

	"github.com/throngd/throng/internal/load/report"
)

type peers interface {
	stage(name string)
	meet(stage string, values []int64, stopped <-chan struct{}) ([]int64, error)
}
type alone struct{}

func (alone) stage(string) {}
func (alone) meet(_ string, values []int64, _ <-chan struct{}) ([]int64, error) {
	return values, nil
}
func processes(o Options) int { return 1 }
func runProcesses(ctx context.Context, o Options, id uint32, n int) (*report.Report, error) {
	return nil, nil
}
func runMixed(ctx context.Context, o Options) (*report.Report, error) { return nil, nil }
