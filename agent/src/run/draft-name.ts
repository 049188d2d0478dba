import type { ExecutionKey } from "./run-order.ts";

/** What a file is called beside its place until all of it is there. Nobody can guess it before: the execution's id is random. */
export const draftOf = ({ executionId, attempt }: ExecutionKey, n: number): string => `.sallyport-${executionId}.${attempt}.${n}`;
