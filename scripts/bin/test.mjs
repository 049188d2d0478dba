// `npm test [-- names]`: everything that must hold before a change is taken. Its last line is the sum of passed, failed and skipped.
import { testEverything } from "../src/testing/test-everything.mjs";

process.exitCode = await testEverything(process.argv.slice(2));
