// SPDX-License-Identifier: MIT
// Writes the functions that select.go needs.

package main

import "fmt"

func main() {
	fmt.Println("package main")
	for _, n := range []int{2, 10, 100} {
		fmt.Printf("\nfunc receive%d(ch []chan uint64, due []uint64, messages int) int {\n", n)
		fmt.Println("\treceived := 0")
		fmt.Println("\tfor ; received < messages; received++ {")
		fmt.Println("\t\tselect {")
		for i := 0; i < n; i++ {
			fmt.Printf("\t\tcase value := <-ch[%d]:\n\t\t\tcheck(value, &due[%d])\n", i, i)
		}
		fmt.Println("\t\t}\n\t}\n\treturn received\n}")
	}
}
