// A refusal meant for people: one sentence that says what happened and what to do next. Shown alone, without a stack.
export class LaunchFault extends Error {
  /** @param {string} message @param {string} [details] text for after the sentence, such as a program's last lines */
  constructor(message, details = "") {
    super(message);
    this.name = "LaunchFault";
    this.details = details;
  }
}
