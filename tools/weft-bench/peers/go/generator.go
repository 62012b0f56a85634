// SPDX-License-Identifier: MIT
// A goroutine that hands out the numbers over a channel, as generators are made in Go.

package main

import (
	"sync/atomic"
	"time"
)

const calls = 2000000

func main() {
	repeat(generator)
}

func generator(int) {
	ch := make(chan uint64)
	var stop atomic.Bool
	go count(ch, &stop)
	start := time.Now()
	sum := uint64(0)
	for i := 0; i < calls; i++ {
		sum += <-ch
	}
	report(calls, time.Since(start), sum)
	stop.Store(true)
	for range ch {
	}
}

func count(out chan<- uint64, stop *atomic.Bool) {
	for i := uint64(0); !stop.Load(); i++ {
		out <- i
	}
	close(out)
}
