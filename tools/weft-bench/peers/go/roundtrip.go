// SPDX-License-Identifier: MIT
// A client asks on one channel, a server answers on another.

package main

import "time"

const trips = 500000

func main() {
	repeat(roundtrip)
}

func roundtrip(int) {
	questions := make(chan uint64)
	answers := make(chan uint64)
	go serve(questions, answers)
	start := time.Now()
	sum := uint64(0)
	for i := uint64(0); i < trips; i++ {
		questions <- i
		sum += <-answers
	}
	report(trips, time.Since(start), sum)
	close(questions)
}

func serve(questions <-chan uint64, answers chan<- uint64) {
	for question := range questions {
		answers <- question + 1
	}
}
