handle SIGALRM nostop noprint nopass
run
weft threads
weft threads -fold
continue
continue
