// SPDX-License-Identifier: MIT
// Many goroutines parked on one channel, in a fresh process: time, memory and mappings.

package main

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

func main() {
	n := argument(1)
	ch := make(chan uint64)
	sum := make(chan uint64)
	var receiving atomic.Int64
	before := resident()
	start := time.Now()
	for i := 0; i < n; i++ {
		go func() {
			receiving.Add(1)
			sum <- <-ch
		}()
	}
	for receiving.Load() < int64(n) {
		runtime.Gosched()
	}
	elapsed := time.Since(start)
	bytes := fmt.Sprint("bytes_each=", (resident()-before)/n)
	maps := fmt.Sprint("mappings=", mappings())
	report(1, elapsed, release(n, ch, sum), bytes, maps)
}

// release sends each its value, and adds up what they hand back.
func release(n int, ch chan<- uint64, sum <-chan uint64) uint64 {
	total := uint64(0)
	for i := 0; i < n; i++ {
		ch <- uint64(i)
		total += <-sum
	}
	return total
}

func resident() int {
	return memory("VmRSS") + memory("VmPTE")
}
