# SPDX-License-Identifier: MIT
"""The green threads of weft in gdb, in a live process or in a core file.

    (gdb) source PREFIX/share/weft/gdb/weft-gdb.py

That line may stand in ~/.gdbinit. Where weft is installed to gdb's own prefix, usually /usr, gdb
reads this file by itself as soon as it loads libweft.so. gdb must have been built with Python.

    weft threads            every green thread: number, state, name, where it was started, and
                            what it waits for
    weft threads -fold      the same, equal ones in one line
    weft bt N [OPTION...]   a backtrace of thread N, parked or running; options as of bt
    weft thread apply N... COMMAND
    weft thread apply all COMMAND
                            runs a gdb command in each of these threads: bt, info locals, frame ...
                            N... are numbers and ranges of them: 3 7-9
    weft generate-core-file FILE
                            as generate-core-file, which loses stacks on Linux 6.13 and later

The selected frame is the innermost, in the library: `weft thread apply all frame apply all -s -q
print variable' finds a variable further out.

Numbers are those of weft's own reports. Variables print as what they are:

    chan(int) 0x5555555592a0 open, 0 sending, 1 receiving
    gen(int) 0x5555555593c0 suspended, thread 5
    task(int) thread 7 parked

How it works. libweft exports one constant object, weft_debug_layout_, which says where everything
is; no debug information of the library is needed, and strip leaves it in place. In a program that
is linked with the static library and was stripped the name is gone: the object is then looked for
in the program's data. In a live process the commands put a parked thread's registers into those of
the OS thread, run, and put the OS thread's own back; what would let the process run meanwhile is
refused. A core's registers cannot be written: there the parked thread's frames are shown as the
callers of the OS thread's innermost frame, so that their numbers begin with 1.
"""

import os
import re

import gdb
import gdb.frames
import gdb.unwinder

MAGIC = b'weft layout\0\xd7\x1f\x0a\x0d'
VERSION = 1
WAITERS_MAX = 1000000
PAGE_BYTES = 4096  # or a part of a page

# By a part of gdb's name of the architecture: the program counter, the stack pointer, the register
# that is near an OS thread's variables, and at most the length of the switch's first instruction.
PROCESSORS = {
    'x86-64': ('rip', 'rsp', 'fs_base', 1),
    'aarch64': ('pc', 'sp', 'tpidr', 4),
    'riscv:rv64': ('pc', 'sp', 'tp', 2),
}

# Commands that let the process run, or end it. gdb knows them by their beginnings, too.
RUNNING = ('''advance attach continue detach fg finish interrupt jump kill next nexti
    reverse- rerun run signal start starti step stepi stepping until'''.split())
RUNNING_SHORT = 'c fin fg j k n ni r s si u'.split()


class NotThere(gdb.GdbError):
    """What is said if the process has no weft in it, or not enough of it can be read."""


def read(address, size):
    try:
        return gdb.selected_inferior().read_memory(address, size).tobytes()
    except gdb.MemoryError:
        raise NotThere('weft: no memory at 0x%x' % address)


def read_word(address):
    return int.from_bytes(read(address, 8), 'little')


def read_text(address, most=256):
    """A string of the program's, which may end where memory does."""
    if address == 0:
        return ''
    try:
        text = gdb.Value(address).cast(gdb.lookup_type('char').pointer()).string(
            errors='replace', length=-1)[:most]
        return ''.join(c if c.isprintable() else '?' for c in text)
    except gdb.error:
        return '?'


# ---- the layout ----

def layout_named():
    try:
        return int(gdb.parse_and_eval('(unsigned long)&weft_debug_layout_'))
    except gdb.error:
        return None


def layout_searched():
    """Where there are no symbols: in the program's own data."""
    for line in gdb.execute('info files', to_string=True).splitlines():
        found = re.match(r'\s*(0x[0-9a-f]+) - (0x[0-9a-f]+) is (\.data\.rel\.ro|\.rodata|\.data)$',
                         line)
        if not found:
            continue
        low, high = int(found[1], 16), int(found[2], 16)
        try:
            at = gdb.selected_inferior().search_memory(low, high - low, MAGIC)
        except gdb.error:
            continue
        if at is not None:
            return at
    return None


class Layout:
    """Where everything is in one build of the library."""

    known = {}  # by what was read, so that a library that was built anew is a new one

    @staticmethod
    def find():
        if gdb.selected_thread() is None:
            raise NotThere('weft: no process and no core file')
        address = layout_named() or layout_searched()
        if not address:
            raise NotThere('weft: this program has no weft in it, or gdb has not read its symbols, '
                           'or it was stripped and is not the file that runs')
        head = read(address, 64)
        if head[:16] != MAGIC:
            raise NotThere('weft: what is said to be weft_debug_layout_ is not that')
        version, count, entries = (int.from_bytes(head[i:i + 8], 'little') for i in (16, 24, 32))
        if version != VERSION:
            raise NotThere('weft: the library has layout version %d, this script knows %d'
                           % (version, VERSION))
        table = read(entries, count * 48)
        if (head, table) not in Layout.known:
            Layout.known[head, table] = Layout(head, table)
        return Layout.known[head, table]

    def __init__(self, head, table):
        self.slabs, self.registers, self.ucontext = (
            int.from_bytes(head[i:i + 8], 'little') for i in (40, 48, 56))
        self.places = {}
        self.constants = {}
        self.saved = {'registers': {}, 'ucontext': {}}
        for i in range(0, len(table), 48):
            name = table[i:i + 32].split(b'\0')[0].decode()
            value = int.from_bytes(table[i + 32:i + 40], 'little')
            size = int.from_bytes(table[i + 40:i + 48], 'little')
            kind, _, member = name.partition('.')
            if kind in self.saved:
                self.saved[kind][member] = value
            elif size:
                self.places[kind, member] = value, size
            else:
                self.constants[name] = value

    def __getattr__(self, name):
        try:
            return self.constants[name]
        except KeyError:
            raise NotThere('weft: this library does not say what %s is' % name)

    def size(self, kind):
        return self.constants['sizeof.' + kind]

    def place(self, kind, member):
        try:
            return self.places[kind, member]
        except KeyError:
            raise NotThere('weft: this library does not say where %s.%s is' % (kind, member))

    def object(self, kind, address, memory=None):
        return Object(self, kind, address, memory)


class Object:
    """One of the library's structs, read at once: object['member']."""

    def __init__(self, layout, kind, address, memory=None):
        self.layout = layout
        self.kind = kind
        self.address = address
        self.memory = read(address, layout.size(kind)) if memory is None else memory

    def __getitem__(self, member):
        at, size = self.layout.place(self.kind, member)
        return int.from_bytes(self.memory[at:at + size], 'little')

    def address_of(self, member):
        return self.address + self.layout.place(self.kind, member)[0]


# ---- threads ----

class Thread:
    """A record, and its control block if it has one."""

    def __init__(self, weft, slab, index, record):
        layout = weft.layout
        self.weft = weft
        self.record = record
        self.number = slab['first_slot'] + index + 1
        self.site = weft.text(record['site'])
        self.worker = slab.worker
        self.control = None
        if record['state'] == layout.THREAD_STARTED:
            self.control = self.read_control()
        self.name = None
        if record['flags'] & layout.THREAD_NAMED:
            side = slab.address_of('sides') + index * layout.size('thread_side')
            self.name = read_text(side + layout.place('thread_side', 'name')[0], 31)

    def read_control(self):
        """None if it is lost: gdb leaves memory out of the cores it makes that lies behind a page
        which it cannot read, such as a stack's guard."""
        try:
            control = self.weft.layout.object('control', self.record['at.control'])
        except NotThere:
            return None
        return control if control['thread'] == self.record.address else None

    def generator(self):
        """The generator whose body this is, or None."""
        if not self.record['flags'] & self.weft.layout.THREAD_BODY:
            return None
        return self.weft.layout.object('gen', self.record['waits_for_end.generator'])

    def is_current(self):
        return self.control is not None and self.worker['current'] == self.control.address

    def state(self):
        layout = self.weft.layout
        state = self.record['state']
        if state == layout.THREAD_UNSTARTED:
            return 'unstarted'
        if state == layout.THREAD_STARVED:
            return 'waiting for a stack'
        if state == layout.THREAD_DONE:
            return 'done'
        if not self.control:
            return 'lost'
        if self.control['wait'] == 0:  # who is current may be parked, and waits in the clock
            return 'running' if self.is_current() else 'ready'
        generator = self.generator()
        if generator and generator['suspended'] == self.control.address:
            return 'suspended'
        return 'parked'

    def waits(self):
        """What it waits for, in words, or ''."""
        layout = self.weft.layout
        state = self.state()
        if state == 'unstarted' and self.generator():
            return 'body of ' + self.weft.generator(self.generator().address)
        if state == 'done':
            return 'waiting to be joined'
        if state == 'lost':
            return 'its stack is not in this core, see help weft generate-core-file'
        if state not in ('parked', 'suspended'):
            return ''
        said = self.weft.wait(self.control)
        if said.startswith(state + ' '):
            said = said[len(state) + 1:]
        if self.record['flags'] & layout.THREAD_CANCELLED:
            said += ', cancelled'
        if self.control['interrupt'] & layout.INTERRUPT_EXPIRED:
            said += ', its deadline over'
        return said

    def parked_ms(self):
        """For how long, to the resolution of the worker's looks at the clock; None if it is not, or
        if it parked by way of a generator, which is too quick for that."""
        if self.state() != 'parked' or 'generator' in self.waits():
            return None
        return (self.worker['tick'] - self.control['since']) & 0xffffffff

    def title(self):
        name = " '%s'" % self.name if self.name else ''
        return 'thread %d%s (%s)' % (self.number, name, self.site)


class Weft:
    """All that is known of a process while it stands still."""

    def __init__(self):
        self.layout = Layout.find()
        self.workers = {}
        self.os_threads = None
        self.said = {}  # strings by address, and what channels are: many threads share them

    def text(self, address):
        if address not in self.said:
            self.said[address] = read_text(address)
        return self.said[address]

    # -- records --

    def slabs(self):
        layout = self.layout
        slabs = read(layout.slabs, layout.THREAD_SLABS_MAX * 8)
        for i in range(0, len(slabs), 8):
            address = int.from_bytes(slabs[i:i + 8], 'little')
            if address:
                yield self.slab(address)

    def slab(self, address):
        """Without its records and sides, which are large."""
        layout = self.layout
        at, size = layout.place('thread_slab', 'sides')
        slab = layout.object('thread_slab', address, read(address, at))
        slab.worker = None
        if slab['owner']:
            worker = layout.object('threads', slab['owner'])['worker']
            if worker not in self.workers:
                self.workers[worker] = layout.object('worker', worker)
            slab.worker = self.workers[worker]
        return slab

    def thread_in(self, slab, index):
        layout = self.layout
        size = layout.size('thread')
        at = layout.place('thread_slab', 'records')[0] + index * size
        record = layout.object('thread', slab.address + at, slab.memory[at:at + size])
        if slab.worker is None or record['state'] == layout.THREAD_FREE:
            return None
        return Thread(self, slab, index, record)

    def threads(self):
        for slab in self.slabs():
            for index in range(self.layout.THREAD_SLAB):
                thread = self.thread_in(slab, index)
                if thread:
                    yield thread

    def thread_at(self, slot):
        """The thread of a slot, or None."""
        layout = self.layout
        if slot < 0 or slot // layout.THREAD_SLAB >= layout.THREAD_SLABS_MAX:
            return None
        slab = read_word(layout.slabs + slot // layout.THREAD_SLAB * 8)
        return self.thread_in(self.slab(slab), slot % layout.THREAD_SLAB) if slab else None

    def thread_numbered(self, number):
        thread = self.thread_at(number - 1)
        if not thread:
            raise gdb.GdbError('weft: no thread %d' % number)
        return thread

    def thread_of_record(self, address):
        layout = self.layout
        size = layout.size('thread')
        slab = address & ~(size * layout.THREAD_SLAB - 1)
        return self.thread_in(self.slab(slab), (address - slab) // size)

    def thread_of_handle(self, handle):
        """The thread that a task names; None if it was joined."""
        bits = self.layout.THREAD_SLOT_BITS
        thread = self.thread_at(handle & ((1 << bits) - 1))
        if thread and thread.record['generation'] == handle >> bits:
            return thread
        return None

    # -- what they wait for --

    def made(self, kind, noun, address):
        if address not in self.said:
            site = self.text(self.layout.object(kind, address)['site'])
            self.said[address] = '%s 0x%x (made at %s)' % (noun, address, site)
        return self.said[address]

    def channel(self, address):
        return self.made('chan', 'channel', address)

    def generator(self, address):
        return self.made('gen', 'generator', address)

    def group(self, address):
        group = self.layout.object('group', address)
        starts = count_waiters(self.layout, group.address_of('slots'))
        members = group['running'] - starts
        said = self.made('group', 'group', address)
        if members:
            said += ', in which %d thread%s run%s' % (
                members, '' if members == 1 else 's', 's' if members == 1 else '')
        if starts:
            said += ',%s of which a start is under way' % (' and' if members else '')
        return said

    def whose(self, handle, does):
        thread = self.thread_of_handle(handle)
        return ', which %s %s' % (thread.title() if thread else 'a thread that has ended', does)

    def clauses(self, control):
        layout = self.layout
        for i in range(control['on_count']):
            one = layout.object('case', control['on'] + i * control['on_stride'])
            if one['op'] == layout.OP_TIMEOUT:
                yield 'timeout'
            elif one['chan'] and one['op'] == layout.OP_RECV:
                yield 'receive from ' + self.channel(one['chan'])
            elif one['chan']:
                yield 'send on ' + self.channel(one['chan'])

    def wait(self, control):
        """As weft's own reports say it. The names of waits end with what is waited for."""
        name = self.text(read_word(control['wait'] + self.layout.place('wait', 'name')[0]))
        on = control['on']
        try:
            if name.endswith('channel'):
                return name[:-len('channel')] + self.channel(on)
            if name.endswith('generator'):
                return name[:-len('generator')] + self.generator(on)
            if name == 'selecting over':
                said = '%s %d clauses' % (name, control['on_count'])
                clauses = ', '.join(self.clauses(control))
                return '%s: %s' % (said, clauses) if clauses else said
            if name == 'joining':
                return 'joining ' + self.thread_of_record(on).title()
            if name == 'waiting for a place in group':
                group = self.layout.object('_group_slot', on)['group']
                return name[:-len('group')] + self.group(group)
            if name.endswith('group') and not name.endswith('wait group'):
                return name[:-len('group')] + self.group(on)
            if name.endswith('mutex'):
                holder = self.layout.object('mutex', on)['holder']
                return '%s 0x%x%s' % (name, on, self.whose(holder, 'holds'))
            if name.endswith('once'):
                runner = self.layout.object('once', on)['runner']
                return '%s 0x%x%s' % (name, on, self.whose(runner, 'runs'))
            if name == 'waiting for all others to end':
                return name
            if name == 'sleeping':
                if control['timer.link.next']:
                    return 'sleeping until %d ns' % control['timer.when']
                return 'sleeping for ever'
        except (NotThere, AttributeError):
            pass
        return '%s 0x%x' % (name, on)

    # -- running ones --

    def find_os_threads(self):
        """Of each worker, its OS thread and that one's stack pointer. A worker knows where its OS
        thread's errno is: as far from the thread register as in every other OS thread."""
        _, sp, near, _ = processor()
        found = {}
        with Selection():
            for os_thread in gdb.selected_inferior().threads():
                if os_thread.is_running():
                    raise NotThere('weft: OS thread %d is running, stop it first' % os_thread.num)
                os_thread.switch()
                frame = gdb.newest_frame()
                try:
                    register = word(frame.read_register(near))
                except ValueError:
                    register = 0
                found[os_thread.num] = os_thread, register, word(frame.read_register(sp))
        self.os_threads = {}
        for address, worker in self.workers.items():
            self.os_threads[address] = min(
                found.values(), key=lambda one: abs(one[1] - worker['errno_at']))

    def running_on(self, thread):
        """The OS thread that is on this thread's stack, or None: then what was saved is valid. In
        the middle of a switch that is not the current thread."""
        if self.os_threads is None:
            self.find_os_threads()
        os_thread, _, sp = self.os_threads[thread.worker.address]
        if self.is_on_stack(thread, sp):
            return os_thread
        if not thread.is_current():
            return None
        for other in self.threads():
            if other.control and other.worker is thread.worker and self.is_on_stack(other, sp):
                return None
        return os_thread

    @staticmethod
    def is_on_stack(thread, sp):
        return bool(thread.control['pool']) and \
            thread.control['base'] <= sp < thread.control.address

    # -- saved registers --

    def saved_registers(self, thread):
        """Those of a thread that is not running, by name."""
        layout = self.layout
        pc, sp, _, first = processor()
        frame = thread.control['context.sp']
        backend = thread.worker['backend']
        if backend == layout.ucontext:
            return {name: read_word(frame + at) for name, at in layout.saved['ucontext'].items()}
        if backend != layout.registers or 'sizeof.registers' not in layout.constants:
            raise NotThere('weft: the switch of this process is not known')
        # As at the switch's first instruction, where nothing was saved yet: the unwind tables do
        # the rest. Not at its very beginning, because callers are looked up by the byte before.
        values = {name: read_word(frame + at) for name, at in layout.saved['registers'].items()}
        values[sp] = frame + layout.size('registers')
        values[pc] = layout.registers + first
        return values


def processor(architecture=None):
    name = (architecture or gdb.newest_frame().architecture()).name()
    for known, registers in PROCESSORS.items():
        if known in name:
            return registers
    raise NotThere('weft: registers of %s are not known to this script' % name)


def word(value):
    return int(value) & (1 << 64) - 1


# ---- a parked thread's registers in view ----

class Selection:
    """Puts back the selected OS thread and frame at the end."""

    def __enter__(self):
        self.thread = gdb.selected_thread()
        self.level = 0
        frame = gdb.selected_frame()
        while frame.newer() is not None:
            frame = frame.newer()
            self.level += 1

    def __exit__(self, *error):
        if not self.thread.is_valid():
            return
        self.thread.switch()
        frame = gdb.newest_frame()
        for _ in range(self.level):
            frame = frame.older() or frame
        frame.select()


def write_registers(values):
    for name, value in values.items():
        gdb.newest_frame().select()
        gdb.execute('with language c -- set var $%s = %d' % (name, value))
    gdb.newest_frame().select()


class WrittenRegisters:
    """Of a live process: the OS thread's own registers are kept, and put back at the end."""

    def __init__(self, values):
        self.values = values

    def __enter__(self):
        self.os_thread = gdb.selected_thread()
        frame = gdb.newest_frame()
        self.own = {name: word(frame.read_register(name)) for name in self.values}
        try:
            write_registers(self.values)
        except BaseException:
            write_registers(self.own)
            raise

    def __exit__(self, *error):
        if self.os_thread.is_valid():
            self.os_thread.switch()  # the command may have selected another
            write_registers(self.own)


class CoreUnwinder(gdb.unwinder.Unwinder):
    """Of a core file: says that what called the innermost frame is a parked thread."""

    def __init__(self):
        super().__init__('weft')
        self.values = None
        self.innermost = None

    def __call__(self, pending):
        if self.values is None:
            return None
        pc, sp, _, _ = processor(pending.architecture())
        here = word(pending.read_register(sp)), word(pending.read_register(pc))
        if here != self.innermost:
            return None
        # Below all the parked thread's frames, or they would be taken for a stack that is corrupt.
        info = pending.create_unwind_info(FrameId(self.values[sp] - 1, here[1]))
        for name, value in self.values.items():
            register = pending.read_register(name)
            info.add_saved_register(name, gdb.Value(value).cast(register.type))
        return info


class FrameId:
    def __init__(self, sp, pc):
        self.sp = gdb.Value(sp)
        self.pc = gdb.Value(pc)


class CoreFilter:
    """Leaves out the innermost frame, which is the OS thread's."""

    def __init__(self):
        self.name = 'weft'
        self.priority = 1
        self.enabled = False
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        return (frame for frame in frames if frame.inferior_frame().newer() is not None)


class UnwoundRegisters:
    unwinder = CoreUnwinder()
    filter = CoreFilter()

    def __init__(self, values):
        self.values = values

    def set(self, values, innermost):
        self.unwinder.values = values
        self.unwinder.innermost = innermost
        self.filter.enabled = values is not None
        gdb.invalidate_cached_frames()

    def __enter__(self):
        pc, sp, _, _ = processor()
        frame = gdb.newest_frame()
        self.set(self.values, (word(frame.read_register(sp)), word(frame.read_register(pc))))
        older = gdb.newest_frame().older()
        if older is None:
            self.set(None, None)
            raise NotThere('weft: gdb does not let the frames of this thread be seen')
        older.select()

    def __exit__(self, *error):
        self.set(None, None)


def registers_are_writable():
    """Those of a core file are not, nor those of a recorded run. To write what is there already
    always succeeds."""
    sp = processor()[1]
    own = word(gdb.newest_frame().read_register(sp))
    try:
        write_registers({sp: own - 16})
    except gdb.error:
        return False
    write_registers({sp: own})
    return True


def run_in(weft, thread, command):
    """Runs a gdb command with the thread's registers in view."""
    if not thread.control:
        print('it has no stack')
        return
    os_thread = weft.running_on(thread)
    with Selection():
        if os_thread:
            os_thread.switch()
            gdb.newest_frame().select()
            gdb.execute(command)
            return
        weft.os_threads[thread.worker.address][0].switch()
        view = WrittenRegisters if registers_are_writable() else UnwoundRegisters
        with view(weft.saved_registers(thread)):
            gdb.execute('with may-call-functions off -- ' + command)


def refuse_running(command):
    verb = re.match(r'[\w-]*', command)[0]
    if verb in RUNNING_SHORT or len(verb) > 2 and any(one.startswith(verb) for one in RUNNING):
        raise gdb.GdbError('weft: a green thread cannot be run by itself: %s is refused' % verb)


def show_title(thread):
    waits = thread.waits()
    print('\n%s: %s%s' % (thread.title(), thread.state(), ', ' + waits if waits else ''))


# ---- the commands ----

class WeftCommand(gdb.Command):
    """The green threads of weft, in a live process or in a core file.

weft threads [-fold]            what there are, and what they wait for
weft bt N [OPTION...]           the backtrace of one
weft thread apply N... COMMAND  any gdb command in one, in some (3 7-9), or in all
weft generate-core-file FILE    a core with all stacks

Variables that are channels, generators and tasks print as such. No debug information of libweft is
needed. In a core file the frames of parked threads begin with number 1."""

    def __init__(self):
        super().__init__('weft', gdb.COMMAND_STACK, prefix=True)


class WeftThreadCommand(gdb.Command):
    """Commands for one or some of weft's green threads."""

    def __init__(self):
        super().__init__('weft thread', gdb.COMMAND_STACK, prefix=True)


def ranges(numbers):
    """1 2 3 5 as '1-3 5'."""
    said = []
    for number in numbers:
        if said and said[-1][1] == number - 1:
            said[-1][1] = number
        else:
            said.append([number, number])
    return ' '.join(str(a) if a == b else '%d-%d' % (a, b) for a, b in said)


class WeftThreadsCommand(gdb.Command):
    """Shows every green thread: number, state, where it was started, what it waits for.

weft threads [-fold]

With -fold threads that differ in nothing but their numbers are in one line. The one that is
running is marked by an asterisk, one in each OS thread that uses weft. The numbers are those of
weft's reports, and what `weft bt' and `weft thread apply' take."""

    def __init__(self):
        super().__init__('weft threads', gdb.COMMAND_STACK)

    def invoke(self, arguments, from_tty):
        if arguments not in ('', '-fold'):
            raise gdb.GdbError('usage: weft threads [-fold]')
        weft = Weft()
        lines = {}  # of each worker: its lines, and of each the numbers
        for thread in weft.threads():
            waits = thread.waits()
            name = "'%s' " % thread.name if thread.name else ''
            mark = '*' if thread.is_current() else ' '
            text = '%-9s %s(%s)%s' % (thread.state(), name, thread.site,
                                      ': ' + waits if waits else '')
            parked_ms = thread.parked_ms()
            if not arguments and parked_ms is not None:
                text += ', for %d ms' % parked_ms
            key = (mark, text) if arguments else (mark, text, thread.number)
            lines.setdefault(thread.worker.address, {}).setdefault(key, []).append(thread.number)
        weft.find_os_threads()
        for worker, of_worker in lines.items():
            self.show(weft.os_threads[worker][0], of_worker)
        if not lines:
            print('weft has no threads yet')

    @staticmethod
    def show(os_thread, lines):
        count = sum(len(numbers) for numbers in lines.values())
        print('OS thread %d (LWP %d): %d green thread%s'
              % (os_thread.num, os_thread.ptid[1], count, '' if count == 1 else 's'))
        for key, numbers in lines.items():
            count = '%d threads ' % len(numbers) if len(numbers) > 1 else ''
            print('%s %-4s %s%s' % (key[0], ranges(numbers), count, key[1]))


class WeftBtCommand(gdb.Command):
    """Prints a backtrace of a green thread, parked or running.

weft bt N [OPTION...]

N is its number in `weft threads', the options are those of bt."""

    def __init__(self):
        super().__init__('weft bt', gdb.COMMAND_STACK)

    def invoke(self, arguments, from_tty):
        number, _, options = arguments.partition(' ')
        if not number.isdigit():
            raise gdb.GdbError('usage: weft bt N [OPTION...]')
        weft = Weft()
        thread = weft.thread_numbered(int(number))
        show_title(thread)
        run_in(weft, thread, 'bt ' + options)


class WeftThreadApplyCommand(gdb.Command):
    """Runs a gdb command in green threads, parked or running.

weft thread apply N... COMMAND
weft thread apply all COMMAND

N... are numbers as in `weft threads', and ranges of them: 3 7-9. In a core file the frames of a
parked thread begin with number 1."""

    def __init__(self):
        super().__init__('weft thread apply', gdb.COMMAND_STACK)

    def invoke(self, arguments, from_tty):
        found = re.match(r'(all|\d+(?:-\d+)?(?:\s+\d+(?:-\d+)?)*)\s+(\S.*)$', arguments)
        if not found:
            raise gdb.GdbError('usage: weft thread apply N... COMMAND, or weft thread apply all ...')
        refuse_running(found[2])
        weft = Weft()
        for thread in self.chosen(weft, found[1]):
            show_title(thread)
            try:
                run_in(weft, thread, found[2])
            except gdb.error as error:
                print(error)

    @staticmethod
    def chosen(weft, words):
        if words == 'all':
            return list(weft.threads())
        threads = []
        for one in words.split():
            first, _, last = one.partition('-')
            for number in range(int(first), int(last or first) + 1):
                threads.append(weft.thread_numbered(number))
        return threads


# ---- variables ----

def count_waiters(layout, head):
    at = layout.place('list', 'next')[0]
    one = read_word(head + at)
    count = 0
    while one != head and count < WAITERS_MAX:
        one = read_word(one + at)
        count += 1
    return count


def channel_state(weft, address):
    layout = weft.layout
    channel = layout.object('chan', address)
    closed = channel['shape'] & layout.CHAN_CLOSED
    return '0x%x %s, %d sending, %d receiving' % (
        address, 'closed' if closed else 'open',
        count_waiters(layout, channel.address_of('senders')),
        count_waiters(layout, channel.address_of('receivers')))


def generator_state(weft, address):
    layout = weft.layout
    generator = layout.object('gen', address)
    closing = ', closing' if generator['ending'] != layout.GEN_OPEN else ''
    if not generator['body']:
        return '0x%x ended%s' % (address, closing)
    body = weft.thread_of_record(generator['body'])
    state = 'offering a value' if generator['value'] else body.state()
    return '0x%x %s, thread %d%s' % (address, state, body.number, closing)


def task_state(weft, handle):
    thread = weft.thread_of_handle(handle)
    return 'thread %d %s' % (thread.number, thread.state()) if thread else 'joined'


STATES = {'weft_chan': channel_state, 'weft_gen': generator_state, 'weft_thread': task_state}


class HandlePrinter:
    """Of a variable that is a channel, a generator or a task."""

    def __init__(self, value, tag, called):
        self.value = value
        self.tag = tag
        self.called = called

    def to_string(self):
        address = word(self.value)
        if address == 0:
            return self.called + ' NULL'
        try:
            return '%s %s' % (self.called, STATES[self.tag](Weft(), address))
        except (gdb.error, gdb.GdbError, AttributeError):
            return '%s 0x%x' % (self.called, address)


def tag_of_pointer(pointer):
    """Of struct weft_chan * and its like: the tag, else None."""
    pointer = pointer.strip_typedefs()
    if pointer.code != gdb.TYPE_CODE_PTR:
        return None
    target = pointer.target().strip_typedefs().unqualified()
    if target.code != gdb.TYPE_CODE_STRUCT:
        return None
    return target.tag if target.tag in STATES else None


def handle_of_type(handle):
    """Of T (**)(struct weft_chan *) and its like: the tag and what users call it, else None."""
    function_pointer = handle.target().strip_typedefs()
    if function_pointer.code != gdb.TYPE_CODE_PTR:
        return None
    function = function_pointer.target().strip_typedefs()
    if function.code != gdb.TYPE_CODE_FUNC or not function.fields():
        return None
    tag = tag_of_pointer(function.fields()[0].type)
    if not tag:
        return None
    inner = [str(function.target())]
    for field in function.fields()[1:]:  # of generators that are sent values: their type
        if 'weft_takes_nothing' not in str(field.type):
            inner.append(str(field.type.target()))
    end = {'const': '_rx', 'volatile': '_tx'}.get(qualifier(function_pointer), '')
    noun = {'weft_chan': 'chan' + end, 'weft_gen': 'gen', 'weft_thread': 'task'}[tag]
    return tag, '%s(%s)' % (noun, ', '.join(inner))


def qualifier(function_pointer):
    found = re.search(r'\(\* ?(const|volatile)', str(function_pointer))
    return found[1] if found else None


def weft_printer(value):
    handle = value.type.strip_typedefs()
    if handle.code != gdb.TYPE_CODE_PTR:
        return None
    tag = tag_of_pointer(handle)
    if tag in ('weft_chan', 'weft_gen'):
        return HandlePrinter(value, tag, tag[len('weft_'):])
    found = handle_of_type(handle)
    return HandlePrinter(value, *found) if found else None


# ---- core files ----

class WeftGenerateCoreFileCommand(gdb.Command):
    """Saves a core file of the process, as generate-core-file does, with all stacks.

weft generate-core-file FILE

gdb's own command gives up on a mapping at the first page that it cannot read. Since Linux 6.13 the
guard pages of weft's stacks are such pages in the midst of a mapping, and most stacks would be
lost. This command saves by gdb's own, and then writes what that has left out. Cores that the kernel
makes are complete."""

    def __init__(self):
        super().__init__('weft generate-core-file', gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)

    def invoke(self, arguments, from_tty):
        if not arguments:
            raise gdb.GdbError('usage: weft generate-core-file FILE')
        said = gdb.execute('generate-core-file ' + arguments, to_string=True)
        missed = re.findall(r'Memory read failed for corefile section, \d+ bytes at (0x[0-9a-f]+)',
                            said)
        with open(os.path.expanduser(arguments), 'r+b') as core:
            for address in missed:
                fill_core(core, int(address, 16))
        print('Saved core file ' + arguments)


def core_segment(core, address):
    """Of the mapping with this address: where it ends, and the address's place in the file."""
    core.seek(0)
    header = core.read(64)
    table, size, count = (int.from_bytes(header[a:b], 'little')
                          for a, b in ((32, 40), (54, 56), (56, 58)))
    for i in range(count):
        core.seek(table + i * size)
        entry = core.read(size)
        kind = int.from_bytes(entry[:4], 'little')
        offset, start, stored = (int.from_bytes(entry[a:a + 8], 'little') for a in (8, 16, 32))
        if kind == 1 and start <= address < start + stored:
            return start + stored, offset + address - start
    return address, 0


def fill_core(core, address):
    """Writes from here to the end of the mapping what can be read, page by page."""
    end, place = core_segment(core, address)
    for page in range(address, end, PAGE_BYTES):
        try:
            memory = read(page, min(PAGE_BYTES, end - page))
        except NotThere:
            continue
        if memory.strip(b'\0'):  # the file is all zeros there
            core.seek(place + page - address)
            core.write(memory)


def register():
    """Again, if the script is read again."""
    gdb.unwinder.register_unwinder(None, UnwoundRegisters.unwinder, replace=True)
    gdb.pretty_printers[:] = [printer for printer in gdb.pretty_printers
                              if getattr(printer, '__name__', '') != 'weft_printer']
    gdb.pretty_printers.append(weft_printer)
    for command in (WeftCommand, WeftThreadsCommand, WeftBtCommand, WeftThreadCommand,
                    WeftThreadApplyCommand, WeftGenerateCoreFileCommand):
        command()


register()
