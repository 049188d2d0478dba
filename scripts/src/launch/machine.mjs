// What a machine must be for the install to work: Linux with glibc 2.28 (the prebuilt programs need it), x64 or arm64.
import { LaunchFault } from "./fault.mjs";

const glibcMin = [2, 28];

/** @typedef {{ platform: string, arch: string, glibc: string | null }} Machine  `glibc` is null on musl */

/** @returns {Machine} */
export function thisMachine() {
  const report = /** @type {{ excludeNetwork: boolean, getReport(): unknown }} */ (/** @type {unknown} */ (process.report));
  // Without this the report looks up the name of every open socket's peer.
  report.excludeNetwork = true;
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (report.getReport());
  return { platform: process.platform, arch: process.arch, glibc: header.glibcVersionRuntime ?? null };
}

/** @param {Machine} machine @throws {LaunchFault} when it cannot run the prebuilt programs */
export function checkMachine({ platform, arch, glibc }) {
  if (platform !== "linux")
    throw new LaunchFault(
      `The hub runs on Linux and this is ${platform}. Start it on a Linux machine, or in a container or virtual machine here.`,
    );
  if (arch !== "x64" && arch !== "arm64")
    throw new LaunchFault(`There are no prebuilt programs for ${arch}. Use a machine with an x64 or arm64 processor.`);
  if (glibc === null)
    throw new LaunchFault(
      "This system's C library is not glibc (Alpine and other musl systems). Use a distribution with glibc 2.28 or later, such as Debian 10 or Ubuntu 20.04.",
    );
  const [major = 0, minor = 0] = glibc.split(".").map(Number);
  const [majorMin = 0, minorMin = 0] = glibcMin;
  if (major < majorMin || (major === majorMin && minor < minorMin))
    throw new LaunchFault(
      `This system has glibc ${glibc} and 2.28 is needed. Use a newer distribution, such as Debian 10 or Ubuntu 20.04.`,
    );
}
