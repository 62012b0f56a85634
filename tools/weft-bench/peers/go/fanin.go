// SPDX-License-Identifier: MIT
// Many producers, all parked on one channel before its consumer starts.

package main

import (
	"runtime"
	"sync/atomic"
	"time"
)

const each = 100

func main() {
	repeat(fanin)
}

func fanin(n int) {
	ch := make(chan uint64)
	var sending atomic.Int64
	for i := 0; i < n; i++ {
		go produce(uint64(i), ch, &sending)
	}
	for sending.Load() < int64(n) {
		runtime.Gosched()
	}
	start := time.Now()
	sum := uint64(0)
	for i := 0; i < n*each; i++ {
		sum += <-ch
	}
	report(n*each, time.Since(start), sum)
}

func produce(value uint64, ch chan<- uint64, sending *atomic.Int64) {
	sending.Add(1)
	for i := 0; i < each; i++ {
		ch <- value
	}
}
