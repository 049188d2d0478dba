// What callers may send to automation.
import { scriptArgumentBytesMax, scriptArgumentsMax, scriptBytesMax } from "@sallyport/protocol/limits";
import { z } from "zod";
import { page } from "../platform/input.ts";

export const interpreters = ["sh", "bash", "python3", "node"] as const;
export type Interpreter = (typeof interpreters)[number];

const bytes = (text: string) => new TextEncoder().encode(text).length;
/** execve(2) ends strings at NUL, so no argument can carry one. */
const processText = z.string().refine((text) => !text.includes("\0"), "must not contain a NUL character");

export const createRun = z
  .object({
    assetIds: z.array(z.string()).min(1).max(1_000),
    script: processText.min(1).refine((text) => bytes(text) <= scriptBytesMax, `must be at most ${scriptBytesMax} bytes`),
    interpreter: z.enum(interpreters),
    args: z.array(processText).max(scriptArgumentsMax).default([]),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be a variable name: letters, digits, underscore"),
        processText,
      )
      .default({})
      .refine((env) => Object.keys(env).length <= scriptArgumentsMax, `at most ${scriptArgumentsMax} variables`),
    timeoutSeconds: z.number().int().min(1).max(86_400).default(3_600),
    title: processText.trim().max(200).optional(),
  })
  .refine(
    (run) => bytes([...run.args, ...Object.entries(run.env).flat()].join("")) <= scriptArgumentBytesMax,
    `arguments and environment together must be at most ${scriptArgumentBytesMax} bytes`,
  );

export type CreateRun = z.infer<typeof createRun>;
export const listRuns = page.extend({ state: z.enum(["queued", "running", "stopping", "finished"]).optional() });
