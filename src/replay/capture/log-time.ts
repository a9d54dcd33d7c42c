const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const COMMON = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.\d+)? ([+-])(\d\d)(\d\d)$/;
/** Beyond these a number since the epoch is in milliseconds, microseconds, nanoseconds. */
const UNITS = [1e11, 1e14, 1e17] as const;

/** `17/May/2015:10:05:03 +0000` as milliseconds since the Unix epoch; null when it is something else. */
export function commonLogTime(text: string): number | null {
  const match = COMMON.exec(text);
  if (match === null) return null;
  const [, day, name, year, hour, minute, second, sign, zoneHours, zoneMinutes] = match;
  const month = MONTHS.indexOf(name ?? '') / 3;
  if (!Number.isInteger(month) || month < 0) return null;
  const local = Date.UTC(Number(year), month, Number(day), Number(hour), Number(minute), Number(second));
  const zone = (sign === '-' ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes));
  return local - zone * 60_000;
}

/**
 * A moment as JSON logs write it: ISO 8601, common log time, or a number since the epoch in seconds, milliseconds,
 * microseconds or nanoseconds (its size tells which).
 * @returns milliseconds since the Unix epoch, or null
 */
export function logTime(value: unknown): number | null {
  if (typeof value === 'number') return sinceEpoch(value);
  if (typeof value !== 'string') return null;
  if (/^\d{1,19}(\.\d{1,9})?$/.test(value)) return sinceEpoch(Number(value));
  const parsed = commonLogTime(value) ?? (/^\d{4}-\d\d-\d\d[T ]/.test(value) ? Date.parse(value) : null);
  return parsed === null || Number.isNaN(parsed) ? null : parsed;
}

function sinceEpoch(value: number): number | null {
  if (!Number.isFinite(value) || value < 0) return null;
  const power = UNITS.findIndex((limit) => value < limit);
  return (value * 1000) / 1000 ** (power === -1 ? UNITS.length : power);
}
