// Where a file lies that a script was given as the value of a parameter: it is the execution's alone, and goes with it.

/** Followed by the parameter's name. Both ends know it: the hub writes it into the order, the agent removes what begins with it. */
export const scriptFilePrefix = ({ executionId, attempt }: { executionId: string; attempt: number }): string =>
  `/var/tmp/.sallyport-${executionId}.${attempt}-`;
