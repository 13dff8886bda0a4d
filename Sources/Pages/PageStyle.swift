// SPDX-License-Identifier: Apache-2.0

/// The one style and the one script of every page; both are named by their digests in its policy.
enum PageStyle {
    static let style = """
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --add: #1a7f37; --del: #cf222e; --mod: #8a5a00 }
        @media (prefers-color-scheme: dark) { :root { --add: #56d364; --del: #ff9a92; --mod: #e3b341 } }
        body { font: 15px/1.45 system-ui, sans-serif; max-width: 75rem; margin: 1rem auto; padding: 0 1rem }
        h1 { font-size: 1.4rem; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin-top: 2rem }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem } dt { font-weight: 600 }
        dd { margin: 0; overflow-wrap: anywhere } table { border-collapse: collapse; width: 100% }
        th, td { text-align: left; padding: .15rem .6rem .15rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
        td { overflow-wrap: anywhere } .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
        pre { overflow-x: auto; background: var(--soft); padding: .5rem; margin: .3rem 0; font-size: 13px }
        ins { color: var(--add); text-decoration: none } del { color: var(--del); text-decoration: none }
        tr[data-mark=A] td:first-child { color: var(--add) } tr[data-mark=D] td:first-child { color: var(--del) }
        tr[data-mark=C] td:first-child, tr[data-mark=R] td:first-child { color: var(--mod) }
        .filter { margin: .5rem 0 } .filter label { margin-right: .8rem } .hint { font-size: 13px }
        svg { width: 100%; height: auto; border: 1px solid var(--line) } svg text { font: 10px sans-serif; fill: #111 }
        rect { stroke: #555; stroke-width: .5; fill: #cfe2f3 } .d0 > rect { fill: #eee } .d1 > rect { fill: #e3e8ef }
        .d2 > rect { fill: #d8e0ea } .d3 > rect { fill: #ccd7e4 } .mA > rect { fill: #b7e4c0 } .mD > rect { fill: #f7c0bd }
        .mC > rect { fill: #f3dfa2 } .mR > rect { fill: #dccbf0 } .mX > rect { fill: #f3dfa2 }
        .mD > rect, .mX > rect { stroke-dasharray: 3 2 } g:focus { outline: none } g:focus > rect { stroke: #06c; stroke-width: 3 }
        @media print { .filter { display: none } details > * { display: block } }

        """

    static let script = """
        'use strict';
        for (const box of document.querySelectorAll('.filter')) {
          const text = box.querySelector('input[type=search]'), told = box.querySelector('output');
          const marks = [...box.querySelectorAll('input[type=checkbox]')];
          const rows = [...box.parentNode.querySelectorAll('tbody tr')];
          const apply = () => {
            const wanted = text.value.toLowerCase(), off = new Set(marks.filter(m => !m.checked).map(m => m.value));
            let count = 0;
            for (const row of rows) {
              row.hidden = off.has(row.dataset.mark) || !row.textContent.toLowerCase().includes(wanted);
              if (!row.hidden) count++;
            }
            told.textContent = count + ' of ' + rows.length;
          };
          box.hidden = false;
          box.addEventListener('input', apply);
          apply();
        }
        for (const map of document.querySelectorAll('svg')) {
          const cells = [...map.querySelectorAll('g')];
          map.addEventListener('keydown', event => {
            const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
            const here = cells.indexOf(document.activeElement);
            if (!step || here < 0) return;
            event.preventDefault();
            const next = cells[(here + step + cells.length) % cells.length];
            cells[here].tabIndex = -1;
            next.tabIndex = 0;
            next.focus();
          });
          map.addEventListener('click', event => {
            // The last table is that of the files.
            const cell = event.target.closest('g'), field = [...document.querySelectorAll('input[type=search]')].pop();
            if (!cell || !field) return;
            field.value = cell.dataset.path === '/' ? '' : cell.dataset.path;
            field.dispatchEvent(new Event('input', { bubbles: true }));
          });
        }

        """
}
