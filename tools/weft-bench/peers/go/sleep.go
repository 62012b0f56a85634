// SPDX-License-Identifier: MIT
// Many goroutines that sleep a second, in a fresh process.

package main

import "time"

func main() {
	start := time.Now()
	slept := sleepAll(argument(1), time.Second)
	report(1, time.Since(start)-time.Second, slept)
}
