// SPDX-License-Identifier: MIT
// A goroutine is started and its result awaited, one after the other.

package main

import "time"

const (
	goroutines = 1000000
	warmup     = 1000
)

func main() {
	repeat(func(int) {
		spawnEach(warmup)
		start := time.Now()
		sum := spawnEach(goroutines)
		report(goroutines, time.Since(start), sum)
	})
}

func spawnEach(n uint64) uint64 {
	result := make(chan uint64)
	sum := uint64(0)
	for i := uint64(0); i < n; i++ {
		go answer(i, result)
		sum += <-result
	}
	return sum
}

func answer(i uint64, result chan<- uint64) {
	result <- i
}
