// SPDX-License-Identifier: MIT
// Many goroutines that sleep a second, where as many have slept a moment before.

package main

import "time"

func main() {
	n := argument(1)
	sleepAll(n, 200*time.Millisecond)
	start := time.Now()
	slept := sleepAll(n, time.Second)
	report(1, time.Since(start)-time.Second, slept)
}
