// SPDX-License-Identifier: MIT
// A source, stages that each add one, a sink.

package main

import "time"

const values = 10000

func main() {
	repeat(pipeline)
}

func pipeline(stages int) {
	start := time.Now()
	first := make(chan uint64)
	go source(first)
	last := first
	for i := 0; i < stages; i++ {
		next := make(chan uint64)
		go stage(last, next)
		last = next
	}
	sum := uint64(0)
	for value := range last {
		sum += value
	}
	report(values*(stages+1), time.Since(start), sum)
}

func source(out chan<- uint64) {
	for i := uint64(0); i < values; i++ {
		out <- i
	}
	close(out)
}

func stage(in <-chan uint64, out chan<- uint64) {
	for value := range in {
		out <- value + 1
	}
	close(out)
}
