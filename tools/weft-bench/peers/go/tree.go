// SPDX-License-Identifier: MIT
// A tree of goroutines with ten branches each, whose leaves send their numbers up.

package main

import (
	"fmt"
	"time"
)

const branches = 10

func main() {
	repeat(func(leaves int) {
		start := time.Now()
		up := make(chan uint64)
		go node(0, uint64(leaves), up)
		sum := <-up
		report(1, time.Since(start), sum, fmt.Sprint("peak_bytes=", memory("VmHWM")))
	})
}

func node(first, leaves uint64, up chan<- uint64) {
	if leaves == 1 {
		up <- first
		return
	}
	below := make(chan uint64)
	part := leaves / branches
	for i := uint64(0); i < branches; i++ {
		go node(first+i*part, part, below)
	}
	sum := uint64(0)
	for i := 0; i < branches; i++ {
		sum += <-below
	}
	up <- sum
}
