// SPDX-License-Identifier: MIT
// Goroutines that all sleep at once.

package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// sleepAll returns how many have slept.
func sleepAll(n int, duration time.Duration) uint64 {
	var slept atomic.Uint64
	var all sync.WaitGroup
	all.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			time.Sleep(duration)
			slept.Add(1)
			all.Done()
		}()
	}
	all.Wait()
	return slept.Load()
}
