import { compactVerify } from 'jose';
import type { VerifyKey } from './key-ring.ts';

/**
 * Whether a token in compact form (RFC 7515, section 3.1) was signed by the owner of this key, with this algorithm and no
 * other. What it says is not looked at. It never rejects.
 * @param key one that may be used with `alg`
 */
export async function isSigned(token: string, alg: string, key: VerifyKey): Promise<boolean> {
  try {
    await compactVerify(token, key.object, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
