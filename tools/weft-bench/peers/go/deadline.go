// SPDX-License-Identifier: MIT
// A timer is armed and stopped while many goroutines sleep for longer than it.

package main

import (
	"math/rand"
	"time"
)

const deadlines = 1000000

func main() {
	startSleepers(argument(1))
	repeat(func(int) {
		start := time.Now()
		cancelled := uint64(0)
		for i := 0; i < deadlines; i++ {
			if time.AfterFunc(50*time.Second, func() {}).Stop() {
				cancelled++
			}
		}
		report(deadlines, time.Since(start), cancelled)
	})
}

func startSleepers(n int) {
	random := rand.New(rand.NewSource(1))
	for i := 0; i < n; i++ {
		go time.Sleep(time.Duration(100+100*random.Float64()) * time.Second)
	}
	time.Sleep(time.Second) // until they do
}
