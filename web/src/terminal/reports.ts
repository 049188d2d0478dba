// What a terminal says by itself, in answer to the program in it: positions, capabilities, focus, the mouse. It is meant for that program alone,
// while typed keys may go to several. Sequences as xterm.js sends them (ECMA-48, DEC STD 070, xterm's ctlseqs).
const report = new RegExp(
  [
    "\\x1b\\[\\??\\d+;\\d+R", // cursor position
    "\\x1b\\[\\??\\d+n", // status
    "\\x1b\\[[?>=][\\d;]*[cu]", // device attributes, keyboard flags
    "\\x1b\\[\\??[\\d;]*\\$y", // modes
    "\\x1b\\[[\\d;]*t", // window
    "\\x1b\\[[IO]", // focus
    "\\x1b\\[<[\\d;]+[Mm]", // mouse, SGR
    "\\x1b\\[M[\\s\\S]{3}", // mouse, X10
    "\\x1b[\\]P_^][\\s\\S]*", // strings of any kind
  ]
    .map((one) => `(?:${one})`)
    .join("|"),
);
const onlyReports = new RegExp(`^(?:${report.source})+$`);

export const isReport = (text: string): boolean => onlyReports.test(text);
