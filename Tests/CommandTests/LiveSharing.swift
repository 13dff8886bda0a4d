// SPDX-License-Identifier: Apache-2.0

/// Programs that use one directory by two paths: a process's own, and a mount of it.
enum LiveSharing {
    /// What is written on one side, in any way, is read on the other at once.
    ///
    /// Mapped bytes that the process's side stores are seen by reading; a mapping on the mount's side is brought up to
    /// date by the next stat(2). What a mapping of the mount stores is seen by reading there, and by all after msync(2).
    static let memory = """
        import mmap, os, sys
        own, seen = sys.argv[1:]
        open(own + '/file', 'wb').write(b'-' * 8192)
        a, b = (os.open(place + '/file', os.O_RDWR) for place in (own, seen))
        print(os.pread(b, 2, 0))
        for side, other, text in ((a, b, b'a1'), (b, a, b'b1'), (a, b, b'a2'), (b, a, b'b2')):
            os.pwrite(side, text, 0)
            print(os.pread(other, 2, 0))
        x, y = mmap.mmap(a, 8192), mmap.mmap(b, 8192)
        for text in (b'm1', b'm2', b'm3'):
            x[0:2] = text
            print(os.pread(b, 2, 0), end=' ')
        os.pwrite(a, b'w1', 0)
        os.fstat(b)
        print(y[0:2])
        y[4096:4098] = b'n1'
        print(os.pread(b, 2, 4096), end=' ')
        y.flush()
        print(os.pread(a, 2, 4096), x[4096:4098])
        log = os.open(seen + '/log', os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        open(own + '/log', 'w').write('one ')
        os.write(log, b'two ')
        open(own + '/log', 'a').write('three')
        print(open(seen + '/log').read())
        os.ftruncate(a, 3)
        print(os.fstat(b).st_size, open(seen + '/file', 'rb').read())
        """

    /// What `memory` prints.
    static let memoryOutput = """
        b'--'
        b'a1'
        b'b1'
        b'a2'
        b'b2'
        b'm1' b'm2' b'm3' b'w1'
        b'n1' b'n1' b'n1'
        one two three
        3 b'w1-'

        """

    /// A lock on one side is one on the other, whichever call takes it, and is waited for.
    static let locks = """
        import fcntl, os, subprocess, sys
        own, seen = (place + '/lock' for place in sys.argv[1:])
        open(own, 'w').write('x' * 100)
        program = '''if True:
            import fcntl, os, sys
            kind, mode, path = sys.argv[1:]
            file = os.open(path, os.O_RDWR)
            try:
                getattr(fcntl, kind)(file, getattr(fcntl, 'LOCK_' + mode) | fcntl.LOCK_NB)
                print('taken')
            except BlockingIOError: print('refused')
            '''
        def attempt(*arguments):
            return subprocess.run([sys.executable, '-c', program, *arguments], capture_output=True, text=True).stdout.strip()
        for kind in ('flock', 'lockf'):
            for here, there in ((own, seen), (seen, own)):
                take = getattr(fcntl, kind)
                file = os.open(here, os.O_RDWR)
                take(file, fcntl.LOCK_SH)
                print(kind, attempt(kind, 'SH', there), attempt(kind, 'EX', there), attempt(kind, 'EX', here), end=' ')
                take(file, fcntl.LOCK_EX)
                print(attempt(kind, 'SH', there), end=' ')
                if kind == 'lockf':
                    # All descriptors of a process are one owner, and closing any of them ends its locks.
                    other = os.open(here, os.O_RDWR)
                    take(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.close(other)
                    print(attempt(kind, 'EX', there), end=' ')
                os.close(file)
                print(attempt(kind, 'EX', there))
        file = os.open(own, os.O_RDWR)
        waiter = "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX); print('got')"
        fcntl.flock(file, fcntl.LOCK_EX)
        # More than the server has threads.
        waiting = [subprocess.Popen([sys.executable, '-c', waiter, seen], stdout=subprocess.PIPE) for _ in range(15)]
        print(open(seen).read(1), sum(process.poll() is None for process in waiting))
        waiting[0].kill()
        print(waiting[0].wait())
        fcntl.flock(file, fcntl.LOCK_UN)
        print(sum(process.communicate()[0] == b'got\\n' for process in waiting))
        """

    /// What `locks` prints.
    static let locksOutput = """
        flock taken refused refused refused taken
        flock taken refused refused refused taken
        lockf taken refused refused refused taken taken
        lockf taken refused refused refused taken taken
        x 15
        -9
        14

        """
}
