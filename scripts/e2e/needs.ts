// A whole-system test that skips itself, with the missing program in its name.
import { describe } from "vitest";
import { lacking } from "./lacking.ts";

/** A describe that skips itself where something is missing and says in its name what. */
export function describeWith(needs: string[], name: string, body: () => void): void {
  const missing = lacking(...needs);
  describe.skipIf(missing.length > 0)(missing.length === 0 ? name : `${name} [this machine lacks ${missing.join(", ")}]`, body);
}
