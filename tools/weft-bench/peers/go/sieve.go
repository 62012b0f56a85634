// SPDX-License-Identifier: MIT
// The concurrent prime sieve.

package main

import (
	"sync/atomic"
	"time"
)

func main() {
	repeat(sieve)
}

func sieve(primes int) {
	start := time.Now()
	var stop atomic.Bool
	ch := make(chan uint64)
	go count(ch, &stop)
	sum := uint64(0)
	for i := 0; i < primes; i++ {
		prime := <-ch
		sum += prime
		next := make(chan uint64)
		go filter(prime, ch, next)
		ch = next
	}
	report(1, time.Since(start), sum)
	stop.Store(true)
	for range ch {
	}
}

func count(out chan<- uint64, stop *atomic.Bool) {
	for i := uint64(2); !stop.Load(); i++ {
		out <- i
	}
	close(out)
}

func filter(prime uint64, in <-chan uint64, out chan<- uint64) {
	for number := range in {
		if number%prime != 0 {
			out <- number
		}
	}
	close(out)
}
