#!/usr/bin/env node
import { LaunchFault } from "../src/launch/fault.mjs";
// `npx sallyport`: the hub's own machine asks the hub that runs there. Needs no password, only the right to its data folder.
import { forward } from "../src/launch/forward.mjs";
import { sallyport, UsageFault, usage } from "../src/launch/sallyport.mjs";

try {
  const [command, ...rest] = process.argv.slice(2);
  process.exitCode = command === "forward" ? await forward(rest) : await sallyport(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageFault) process.stderr.write(`${error.message}\n\n${usage}`);
  else if (error instanceof LaunchFault) process.stderr.write(`${error.message}\n`);
  else throw error;
  process.exitCode = error instanceof UsageFault ? 2 : 1;
}
