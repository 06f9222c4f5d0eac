package main

import (
	"context"
	"runtime"
	"slices"
	"time"

	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
)

type measured struct {
	ChecksPerSecond float64 `json:"checks_per_second"`
	P50Microseconds float64 `json:"p50_us"`
	P99Microseconds float64 `json:"p99_us"`
	HeapBytes       uint64  `json:"heap_bytes"`
	Allowed         int     `json:"allowed"`
}

type prepared struct {
	authorizes *rbac.RBACAuthorizer
	attributes authorizer.AttributesRecord
}

// measure decides each request once, on one processor, and then each once more with a clock around it.
func (w *world) measure(requests []request) (*measured, error) {
	ready := make([]prepared, len(requests))
	for i, asked := range requests {
		authorizes, err := w.authorizer(asked.Cluster)
		if err != nil {
			return nil, err
		}
		ready[i] = prepared{authorizes, asked.attributes()}
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)

	found := &measured{HeapBytes: memory.HeapAlloc}
	began := processorTime()
	for i := range ready {
		if ready[i].allows() {
			found.Allowed++
		}
	}
	found.ChecksPerSecond = float64(len(ready)) / (processorTime() - began).Seconds()

	took := make([]time.Duration, len(ready))
	for i := range ready {
		start := time.Now()
		ready[i].allows()
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	found.P50Microseconds = microseconds(took[len(took)/2])
	found.P99Microseconds = microseconds(took[len(took)*99/100])
	return found, nil
}

func (p *prepared) allows() bool {
	decision, _, _ := p.authorizes.Authorize(context.Background(), p.attributes)
	return decision == authorizer.DecisionAllow
}

func microseconds(took time.Duration) float64 {
	return float64(took.Nanoseconds()) / 1000
}
