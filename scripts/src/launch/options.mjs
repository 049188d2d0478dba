// The few options the launcher itself must know; all others belong to the hub and pass through untouched.
import path from "node:path";

/** @param {string[]} args @param {NodeJS.ProcessEnv} environment the folder as the hub will choose it: flag, variable, default */
export function dataDirOf(args, environment = process.env, cwd = process.cwd()) {
  const at = args.indexOf("--data");
  const given = at >= 0 ? args[at + 1] : args.find((arg) => arg.startsWith("--data="))?.slice("--data=".length);
  return path.resolve(cwd, given || environment.SALLYPORT_DATA || "./data");
}

/** @param {string[]} args @param {NodeJS.ProcessEnv} environment @returns {{ hubArgs: string[], localAgent: boolean, build: boolean, help: boolean }} */
export function readLauncherOptions(args, environment = process.env) {
  return {
    hubArgs: args.filter((arg) => arg !== "--no-agent"),
    localAgent: !args.includes("--no-agent") && environment.SALLYPORT_LOCAL_AGENT !== "0",
    // "0" starts what is built as it is: for tests, and for a checkout that its user may not write.
    build: environment.SALLYPORT_BUILD !== "0",
    help: args.includes("--help") || args.includes("-h"),
  };
}
