/** The page's looks: light and dark by the reader's setting, one column on a phone. */
export const style = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --card: #f6f7f9; --text: #1c2330; --muted: #4d5768; --line: #c9ced8; --roof: #b42318; --link: #1d4ed8;
  --series-1: #2f5fd0; --series-2: #c2570c; --series-3: #0f766e; --series-4: #9333ea; --series-5: #8a6d00;
  --series-6: #be185d; --series-7: #15803d; --series-8: #0e7490; --series-9: #7c4a2d; --series-10: #64748b;
  --series-11: #a21caf; --series-12: #4d7c0f; --series-13: #b45309; --series-14: #4338ca;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12151b; --card: #1b2029; --text: #e6e9ef; --muted: #a9b3c3; --line: #3a4250; --roof: #ff8a80; --link: #93b4ff;
    --series-1: #86a8ff; --series-2: #ff9f5a; --series-3: #4fd1c0; --series-4: #c99bff; --series-5: #e9c84a;
    --series-6: #ff8ac0; --series-7: #6bd68a; --series-8: #5fcdea; --series-9: #d3a283; --series-10: #a3adbd;
    --series-11: #f0a6ff; --series-12: #b5e066; --series-13: #ffc46b; --series-14: #a8a6ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 920px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 1rem 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; }
a { color: var(--link); }
nav ul, .legend { display: flex; flex-wrap: wrap; gap: .3rem 1rem; list-style: none; margin: 0 0 .75rem; padding: 0; }
.legend { font-size: .85rem; color: var(--muted); }
.legend i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
.machines { color: var(--muted); font-size: .9rem; padding-left: 1.2rem; overflow-wrap: anywhere; }
figure { margin: 0; }
figure svg { display: block; max-width: 100%; height: auto; }
figcaption { color: var(--muted); font-size: .92rem; margin-top: .6rem; }
details { margin-top: .8rem; }
summary { cursor: pointer; }
.scroll { overflow-x: auto; margin-top: .5rem; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
.number { text-align: right; }
.failures { border-left: 4px solid var(--roof); padding: .1rem 1rem; background: var(--card); }
.narrow { display: none; }
@media (max-width: 760px) { .wide { display: none; } .narrow { display: block; } }
@media print { details > * { display: block; } }
`
