// Events of a session log, as bytes: what a recording is made of, on disk and on its way to the player.
// One record: u32 BE milliseconds since the start, u8 kind, u32 BE length, then that many bytes.

export const logEventKinds = { output: 0, stderr: 1, resize: 2 } as const;
export type LogEventKind = (typeof logEventKinds)[keyof typeof logEventKinds];

export type LogEvent = { atMs: number; kind: LogEventKind; data: Uint8Array };

/** Bytes before the data of each record. */
export const logEventHeaderBytes = 9;

export function encodeLogEvent({ atMs, kind, data }: LogEvent): Uint8Array {
  const record = new Uint8Array(logEventHeaderBytes + data.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, atMs);
  view.setUint8(4, kind);
  view.setUint32(5, data.length);
  record.set(data, logEventHeaderBytes);
  return record;
}

/** Reads all records; throws RangeError at one that is cut or of an unknown kind. `data` shares memory with `bytes`. */
export function decodeLogEvents(bytes: Uint8Array): LogEvent[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const events: LogEvent[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < logEventHeaderBytes) throw new RangeError(`log event cut at byte ${at}`);
    const kind = view.getUint8(at + 4);
    const end = at + logEventHeaderBytes + view.getUint32(at + 5);
    if (!isKind(kind)) throw new RangeError(`log event of unknown kind ${kind} at byte ${at}`);
    if (end > bytes.length) throw new RangeError(`log event cut at byte ${at}`);
    events.push({ atMs: view.getUint32(at), kind, data: bytes.subarray(at + logEventHeaderBytes, end) });
    at = end;
  }
  return events;
}

const isKind = (kind: number): kind is LogEventKind => kind >= 0 && kind <= 2;

/** A resize event's data: u16 BE columns, u16 BE rows. */
export function encodeResize(columns: number, rows: number): Uint8Array {
  const data = new Uint8Array(4);
  const view = new DataView(data.buffer);
  view.setUint16(0, columns);
  view.setUint16(2, rows);
  return data;
}

export function decodeResize(data: Uint8Array): { columns: number; rows: number } {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return { columns: view.getUint16(0), rows: view.getUint16(2) };
}
