// SPDX-License-Identifier: MIT
// A select over channels with a sender parked on each. Only a select statement of fixed size is
// fast, reflect.Select takes half as long again; make_selects.go writes them.

package main

import (
	"runtime"
	"sync/atomic"
	"time"
)

func main() {
	repeat(selects)
}

func selects(n int) {
	receive := map[int]func([]chan uint64, []uint64, int) int{
		2: receive2, 10: receive10, 100: receive100,
	}[n]
	if receive == nil {
		fail("no select of", n, "channels was made")
	}
	var sending atomic.Int64
	var stop atomic.Bool
	channels := make([]chan uint64, n)
	for i := range channels {
		channels[i] = make(chan uint64)
		go send(channels[i], &sending, &stop)
	}
	for sending.Load() < int64(n) {
		runtime.Gosched()
	}
	due := make([]uint64, n)
	start := time.Now()
	received := receive(channels, due, messages(n))
	report(received, time.Since(start), uint64(received))
	stop.Store(true)
	for _, ch := range channels {
		for range ch {
		}
	}
}

func messages(n int) int {
	switch {
	case n <= 2:
		return 1000000
	case n <= 10:
		return 500000
	}
	return 200000
}

func send(ch chan<- uint64, sending *atomic.Int64, stop *atomic.Bool) {
	sending.Add(1)
	for i := uint64(0); !stop.Load(); i++ {
		ch <- i
	}
	close(ch)
}

func check(value uint64, due *uint64) {
	if value != *due {
		fail("a message is out of order")
	}
	*due++
}
