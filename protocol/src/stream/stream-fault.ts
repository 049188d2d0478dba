// A peer broke the rules of one stream. The stream is closed with this code; the link and other streams go on.

export type StreamFaultCode =
  | "bad-offset" // offsets that cannot be
  | "bad-window" // more credit than windowBytesMax
  | "over-credit" // sent more than it was allowed
  | "gone" // asked for bytes already forgotten
  | "bad-channel" // a channel this stream does not have
  | "bad-frame"; // a frame that has no meaning in this direction

export class StreamFault extends Error {
  override name = "StreamFault";
  readonly code: StreamFaultCode;

  constructor(code: StreamFaultCode, message: string) {
    super(message);
    this.code = code;
  }
}
