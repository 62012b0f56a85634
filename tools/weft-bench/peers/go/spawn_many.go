// SPDX-License-Identifier: MIT
// Many goroutines are started, then all are awaited and their results taken.

package main

import (
	"sync"
	"time"
)

func main() {
	results := make([]uint64, argument(1))
	spawnAll(results) // the stacks of the samples are not the first
	repeat(func(n int) {
		start := time.Now()
		sum := spawnAll(results)
		report(n, time.Since(start), sum)
	})
}

func spawnAll(results []uint64) uint64 {
	var all sync.WaitGroup
	all.Add(len(results))
	for i := range results {
		go answer(uint64(i), &results[i], &all)
	}
	all.Wait()
	sum := uint64(0)
	for _, result := range results {
		sum += result
	}
	return sum
}

func answer(i uint64, result *uint64, all *sync.WaitGroup) {
	*result = i
	all.Done()
}
