run
source look.gdb
weft generate-core-file core
# The other OS thread is selected meanwhile.
weft thread apply 2 thread 2

# A green thread is running.
continue
weft threads
weft thread apply 1 2-4 12 bt
weft bt 18
python
try:
    gdb.execute('weft thread apply 2 continue')
except gdb.error as error:
    print(error)
end

# Nobody is running: the system call that is interrupted here goes on as if nothing had been.
handle SIGALRM stop nopass
continue
weft threads
weft thread apply all bt
continue
