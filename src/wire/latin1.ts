// HOT: text and bytes are the same thing on the wire: latin1, one byte a character.

/** Node's own conversions behind `toString('latin1')` and `write(…, 'latin1')`: documented by use, not by type. */
interface Latin1Methods {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, offset: number): number;
}

const methods = Buffer.prototype as unknown as Partial<Latin1Methods>;
const sliceFast = methods.latin1Slice;
const writeFast = methods.latin1Write;

/** `bytes[from, to)` as text. */
export const textOf: (bytes: Uint8Array, from: number, to: number) => string =
  sliceFast === undefined
    ? (bytes, from, to) => viewOf(bytes).toString('latin1', from, to)
    : (bytes, from, to) => sliceFast.call(bytes, from, to);

/** Writes text into `bytes` at `offset`. @returns index after it */
export const putText: (bytes: Buffer, text: string, offset: number) => number =
  writeFast === undefined
    ? (bytes, text, offset) => offset + bytes.write(text, offset, 'latin1')
    : (bytes, text, offset) => offset + writeFast.call(bytes, text, offset);

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
