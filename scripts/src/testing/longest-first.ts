// The order of test files: those that are known to take longest begin first, or the workers would wait for one of them at the end.
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** @param longest pieces of the files' paths, the longest first. */
export function longestFirst(longest: readonly string[]): typeof BaseSequencer {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const place = ({ moduleId }: TestSpecification) => {
        const at = longest.findIndex((name) => moduleId.includes(name));
        return at < 0 ? longest.length : at;
      };
      return files.toSorted((a, b) => place(a) - place(b));
    }
  };
}
