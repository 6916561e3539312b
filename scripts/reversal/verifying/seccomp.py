"""The system calls that programs in the sandbox may not make, as a seccomp filter in the form that bubblewrap loads.

Those that take memory which no limit counts: System V shared memory, semaphores and message queues, and files in memory
alone. Keys, which the kernel keeps for a user and not for a process. And prlimit of another process: one program must
not change the limits of the process that judges the next.
"""

import errno
import struct

# Of linux/filter.h, linux/seccomp.h and linux/audit.h; the numbers of the calls are those of the kernel's tables.
LOAD, IF_EQUAL, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # bytes into struct seccomp_data; the lower half of the argument
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.ENOSYS
FOREIGN = 0x40000000  # from here on a call of x86_64 is one of x32, which has numbers of its own
MACHINES = {  # machine: its architecture; shmget, semget, msgget, memfd_create, add_key, request_key, keyctl; prlimit64
    "x86_64": (0xC000003E, (29, 64, 68, 319, 248, 249, 250), 302),
    "aarch64": (0xC00000B7, (194, 190, 186, 279, 217, 218, 219), 261),
}


def filter_of_calls(machine: str) -> bytes:
    """The filter for os.uname().machine: what it refuses fails with ENOSYS. Raises KeyError for an unknown machine."""
    architecture, refused, prlimit = MACHINES[machine]
    # A jump says how many instructions it leaves out, if the comparison holds and if not; REFUSE stands last.
    tests = [(LOAD, ARCHITECTURE), (IF_EQUAL, architecture, "on", "refuse"), (LOAD, NUMBER)]
    tests += [(IF_AT_LEAST, FOREIGN, "refuse", "on"), *((IF_EQUAL, call, "refuse", "on") for call in refused)]
    tests += [(IF_EQUAL, prlimit, "on", "allow"), (LOAD, FIRST_ARGUMENT), (IF_EQUAL, 0, "allow", "refuse")]
    program = b""
    for place, (code, value, *jumps) in enumerate(tests):
        targets = {"on": 0, "allow": len(tests) - place - 1, "refuse": len(tests) - place}
        program += struct.pack("=HBBI", code, *(targets[jump] for jump in jumps or ("on", "on")), value)
    return program + struct.pack("=HBBIHBBI", RETURN, 0, 0, ALLOW, RETURN, 0, 0, REFUSE)
