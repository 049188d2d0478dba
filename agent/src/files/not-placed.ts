/** A file cannot be placed; the message says why, as one sentence for people. */
export class NotPlaced extends Error {
  override name = "NotPlaced";
}
