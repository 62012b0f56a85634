# Everything, where main is running.
weft threads
weft threads -fold
weft thread apply all bt
weft bt 3 -full
frame function stop
info locals
frame function main
print c
print all
