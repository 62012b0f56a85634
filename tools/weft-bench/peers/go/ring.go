// SPDX-License-Identifier: MIT
// A token goes round a ring of goroutines; the one that times it is one of them.

package main

import "time"

const rounds = 100

func main() {
	repeat(ring)
}

func ring(n int) {
	first := make(chan uint64)
	last := first
	for i := 1; i < n; i++ {
		next := make(chan uint64)
		go pass(last, next)
		last = next
	}
	token := turn(0, first, last)
	start := time.Now()
	for i := 0; i < rounds; i++ {
		token = turn(token, first, last)
	}
	report(n*rounds, time.Since(start), token)
	close(first)
	for range last {
	}
}

func turn(token uint64, out chan<- uint64, in <-chan uint64) uint64 {
	out <- token + 1
	return <-in
}

func pass(in <-chan uint64, out chan<- uint64) {
	for token := range in {
		out <- token + 1
	}
	close(out)
}
