#!/usr/bin/env node
// `npx sallyport`: the hub's own machine asks the hub that runs there. Needs no password, only the right to its data folder.
import { clientCommand, clientCommands } from "../src/launch/client-command.mjs";
import { LaunchFault } from "../src/launch/fault.mjs";
import { sallyport, UsageFault, usage } from "../src/launch/sallyport.mjs";

try {
  const [command = "", ...rest] = process.argv.slice(2);
  process.exitCode = clientCommands.includes(command)
    ? await clientCommand(command, rest)
    : await sallyport(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageFault) process.stderr.write(`${error.message}\n\n${usage}`);
  else if (error instanceof LaunchFault) process.stderr.write(`${error.message}\n`);
  else throw error;
  process.exitCode = error instanceof UsageFault ? 2 : 1;
}
