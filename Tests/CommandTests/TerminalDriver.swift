// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A terminal for a program, as a script in Python: a pseudo-terminal with what stands on its screen.
///
/// Steps come as arguments, after them `--` and the program: `keys TEXT` types, with Python's escapes; `screen` prints the
/// screen; `resize COLUMNS ROWS`; `stopped` waits until the program is stopped, tells of the terminal and lets it go on, as a
/// shell does; `signal NUMBER`; `end` waits for its end and tells of the terminal; `colours` tells whether there were any.
enum TerminalDriver {
    static func write(to scratch: ScratchDirectory) { scratch.file("terminal.py", script) }

    private static let script = """
        import fcntl, os, pty, select, signal, struct, sys, termios, time, unicodedata

        class Shown:
            def __init__(self, columns, rows):
                self.resize(columns, rows)
                self.isOther, self.hasColour, self.odd, self.rest = False, False, [], b''
            def resize(self, columns, rows):
                self.columns, self.rows, self.x, self.y = columns, rows, 0, 0
                self.clear()
            def clear(self):
                self.cells = [[' '] * self.columns for _ in range(self.rows)]
            def take(self, data):
                data = self.rest + data
                try: text, self.rest = data.decode(), b''
                except UnicodeDecodeError as error:
                    text, self.rest = data[:error.start].decode(), data[error.start:]
                while text:
                    if text[0] != '\\x1b':
                        self.put(text[0])
                        text = text[1:]
                        continue
                    end = next((i for i, c in enumerate(text) if i > 1 and '@' <= c <= '~'), None)
                    if text[1:2] not in ('[', '') :
                        if text[1] != '>': self.odd.append(text[:8])
                        text = text[2:]
                        continue
                    if end is None:
                        self.rest = text.encode() + self.rest
                        return
                    self.act(text[2:end], text[end])
                    text = text[end + 1:]
            def act(self, words, letter):
                if letter == 'H':
                    numbers = [int(n) for n in words.split(';')] if words else [1, 1]
                    self.y, self.x = numbers[0] - 1, numbers[1] - 1
                elif letter == 'J': self.clear()
                elif letter == 'K' and not self.isOther: pass
                elif letter == 'm':
                    if any(w.startswith(('3', '4')) for w in words.split(';')): self.hasColour = True
                elif words == '?1049': self.isOther = letter == 'h'
                elif words not in ('?25', '?2026', '?1'): self.odd.append(words + letter)
            def put(self, letter):
                if letter in '\\r\\n': return
                if ord(letter) < 32: self.odd.append(letter)
                elif 0 <= self.y < self.rows and 0 <= self.x < self.columns:
                    self.cells[self.y][self.x] = letter
                    self.x += 1
                    if unicodedata.east_asian_width(letter) in 'WF' and self.x < self.columns:
                        self.cells[self.y][self.x] = ''
                        self.x += 1
            def text(self): return '\\n'.join(''.join(row).rstrip() for row in self.cells)

        def shell(words, report, order):
            # Like a shell: the program is a job of its own.
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            job = os.fork()
            if job == 0:
                os.setpgid(0, 0)
                os.tcsetpgrp(0, os.getpid())
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
                # Threads of tests take no signals, and what they start begins so.
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                os.execvp(words[0], words)
            try: os.setpgid(job, job)
            except OSError: pass
            os.write(report, b'%d\\n' % job)
            while True:
                _, status = os.waitpid(job, os.WUNTRACED)
                if not os.WIFSTOPPED(status): break
                os.tcsetpgrp(0, os.getpgrp())
                os.write(report, b'stopped\\n')
                if not os.read(order, 1): os.killpg(job, signal.SIGKILL)
                os.tcsetpgrp(0, job)
                os.killpg(job, signal.SIGCONT)
            code = os.waitstatus_to_exitcode(status)
            os.write(report, b'ended %d\\n' % code)
            os.read(order, 1)
            os._exit(0)

        steps, words = sys.argv[1:], []
        cut = steps.index('--')
        steps, words = steps[:cut], steps[cut + 1:]
        columns, rows = int(os.environ['COLUMNS']), int(os.environ.get('LINES', '24'))
        reported, report = os.pipe()
        ordered, order = os.pipe()
        child, terminal = pty.fork()
        if child == 0:
            # It ends when whoever asks does.
            os.close(order)
            os.close(reported)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
            shell(words, report, ordered)
        shown, messages = Shown(columns, rows), b''
        before = None

        def pump(until, limit=30):
            global messages
            last, end = time.time(), time.time() + limit
            while time.time() < end:
                ready, _, _ = select.select([terminal, reported], [], [], 0.05)
                if terminal in ready:
                    try: data = os.read(terminal, 65536)
                    except OSError: data = b''
                    if data:
                        shown.take(data)
                        last = time.time()
                        continue
                if reported in ready: messages += os.read(reported, 4096)
                if until(time.time() - last): return
            print('nothing more came')
            print(shown.text())
            sys.exit(1)

        def next_message():
            global messages
            pump(lambda quiet: b'\\n' in messages)
            line, messages = messages.split(b'\\n', 1)
            return line.decode()

        def modes():
            # The size of what waits to be read is no mode.
            return termios.tcgetattr(terminal)

        before = modes()
        job = int(next_message())
        def settle(): pump(lambda quiet: quiet > 0.25 and shown.isOther and 'reading' not in shown.text())
        settle()
        position = 0
        def told():
            same = modes() == before
            return f"{'same' if same else 'other'} modes, {'other' if shown.isOther else 'same'} screen"
        while position < len(steps):
            step = steps[position]
            position += 1
            if step == 'keys':
                text = steps[position].encode().decode('unicode_escape')
                position += 1
                # One by one, as they are typed.
                os.write(terminal, text.encode())
                pump(lambda quiet: quiet > 0.25)
            elif step == 'screen': print(shown.text())
            elif step == 'resize':
                columns, rows = int(steps[position]), int(steps[position + 1])
                position += 2
                shown.resize(columns, rows)
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
                settle()
            elif step == 'stopped':
                print(next_message() + ': ' + told())
                os.write(order, b'x')
                settle()
            elif step == 'signal':
                os.kill(job, int(steps[position]))
                position += 1
                pump(lambda quiet: quiet > 0.25)
            elif step == 'end':
                message = next_message()
                pump(lambda quiet: quiet > 0.1)
                print(message + ': ' + told())
            elif step == 'colours': print('colours' if shown.hasColour else 'no colours')
        if shown.odd: print('odd:', shown.odd)
        os.write(order, b'x')
        """
}
