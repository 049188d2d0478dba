// Every fault, in the order of the table.
import type { Fault } from "./fault.ts";
import { partsFrozen } from "./frozen.ts";
import { hubKilled } from "./hub-killed.ts";
import { lineCut } from "./line-cut.ts";

export const faults: Fault[] = [hubKilled, lineCut, partsFrozen];
