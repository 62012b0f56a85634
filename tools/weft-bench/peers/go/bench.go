// SPDX-License-Identifier: MIT
// What the Go programs share: the arguments, the sample line, what the kernel knows of the memory.

package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// repeat takes the samples of a case: the arguments of the program are its size and their number.
func repeat(sample func(size int)) {
	size := argument(1)
	for samples := argument(2); samples > 0; samples-- {
		sample(size)
	}
}

func argument(index int) int {
	if len(os.Args) != 3 {
		fail("usage:", os.Args[0], "SIZE SAMPLES")
	}
	number, err := strconv.Atoi(os.Args[index])
	if err != nil {
		fail(err)
	}
	return number
}

// report prints the line of a sample; more are NAME=VALUE.
func report(ops int, elapsed time.Duration, checksum uint64, more ...any) {
	fmt.Println(append([]any{ops, elapsed.Nanoseconds(), checksum}, more...)...)
}

// memory returns a field of /proc/self/status, such as VmRSS, in bytes.
func memory(field string) int {
	for _, line := range lines("/proc/self/status") {
		words := strings.Fields(line)
		if words[0] == field+":" {
			kib, _ := strconv.Atoi(words[1])
			return kib * 1024
		}
	}
	fail("no", field, "in /proc/self/status")
	return 0
}

func mappings() int {
	return len(lines("/proc/self/maps"))
}

func lines(path string) []string {
	file, err := os.Open(path)
	if err != nil {
		fail(err)
	}
	defer file.Close()
	var all []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		all = append(all, scanner.Text())
	}
	return all
}

func fail(why ...any) {
	fmt.Fprintln(os.Stderr, why...)
	os.Exit(1)
}
