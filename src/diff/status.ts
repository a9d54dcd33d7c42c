/** Where two statuses differ, `status/200-404`; 0 stands for no answer: `status/200-none`. */
export function statusPath(legacy: number, candidate: number): string {
  return `status/${statusWord(legacy)}-${statusWord(candidate)}`;
}

/** A status as an example shows it. */
export function statusWord(status: number): string {
  return status === 0 ? 'none' : String(status);
}
