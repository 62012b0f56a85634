// SPDX-License-Identifier: MIT
// Goroutines that yield in turn.

package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	repeat(yield)
}

func yield(n int) {
	rounds := max(10, 2000000/n)
	var started, yields atomic.Int64
	var elapsed time.Duration
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			defer all.Done()
			// The one that starts them may be preempted before the last is there.
			for started.Add(1); started.Load() < int64(n); {
				runtime.Gosched()
			}
			runtime.Gosched()
			start := time.Now()
			count := 0
			for ; count < rounds; count++ {
				runtime.Gosched()
			}
			if i == 0 {
				elapsed = time.Since(start)
			}
			yields.Add(int64(count))
		}(i)
	}
	all.Wait()
	report(n*rounds, elapsed, uint64(yields.Load()))
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}
