// SPDX-License-Identifier: MIT
// A producer and a consumer on one unbuffered channel, with messages of 8 or 64 bytes.

package main

import "time"

const messages = 1000000

type block [8]uint64

func main() {
	repeat(func(bytes int) {
		if bytes == 8 {
			message(produceWords, consumeWords)
		} else {
			message(produceBlocks, consumeBlocks)
		}
	})
}

func message[T any](produce func(chan<- T), consume func(<-chan T) uint64) {
	start := time.Now()
	ch := make(chan T)
	sum := make(chan uint64)
	go produce(ch)
	go func() { sum <- consume(ch) }()
	total := <-sum
	report(messages, time.Since(start), total)
}

func produceWords(ch chan<- uint64) {
	for i := uint64(0); i < messages; i++ {
		ch <- i
	}
	close(ch)
}

func consumeWords(ch <-chan uint64) uint64 {
	sum := uint64(0)
	for word := range ch {
		sum += word
	}
	return sum
}

func produceBlocks(ch chan<- block) {
	for i := uint64(0); i < messages; i++ {
		ch <- block{i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7}
	}
	close(ch)
}

func consumeBlocks(ch <-chan block) uint64 {
	sum := uint64(0)
	for b := range ch {
		sum += b[0] + b[7]
	}
	return sum
}
