// `npm run import-law`: says which imports break the order of the workspaces and of the hub's rooms, and exits with 1 when any does.
import { checkImportLaw } from "./import-law/check.ts";

const root = process.argv[2] ?? new URL("../../", import.meta.url).pathname;
const { violations, files } = checkImportLaw(root);
for (const { file, line, text } of violations) console.log(`${file}:${line} ${text}`);
console.log(
  violations.length === 0
    ? `import law: ${files} files, no violation`
    : `import law: ${violations.length} violations in ${files} files`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
