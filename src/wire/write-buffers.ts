// HOT: bytes on their way to the kernel live in buffers that are used again, so that a large body makes no garbage.
import { LIMITS } from '../core/limits.ts';

/** Two sizes: a read of the kernel's full size with the head before it, and what is well below that. */
const LARGE_BYTES = LIMITS.socketBufferBytes + LIMITS.gatherBytes;
const SMALL_BYTES = LARGE_BYTES / 2;
const freeLarge: Buffer[] = [];
const freeSmall: Buffer[] = [];

/** @returns a buffer of at least `bytes`; its content is arbitrary */
export function takeWriteBuffer(bytes: number): Buffer {
  if (bytes > LARGE_BYTES) return Buffer.allocUnsafeSlow(bytes);
  if (bytes > SMALL_BYTES) return freeLarge.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
  return freeSmall.pop() ?? Buffer.allocUnsafeSlow(SMALL_BYTES);
}

/** Takes a buffer back that nobody writes to or reads from any more: the kernel has its bytes. */
export function returnWriteBuffer(buffer: Buffer): void {
  const free = freeOf(buffer.length);
  if (free !== null && free.length < LIMITS.writeBuffersKept) free.push(buffer);
}

function freeOf(bytes: number): Buffer[] | null {
  if (bytes === LARGE_BYTES) return freeLarge;
  return bytes === SMALL_BYTES ? freeSmall : null;
}
