/** Methods that change nothing by definition, and are copied by default (RFC 9110, section 9.2.1; TRACE is refused). */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** Methods that may be sent again: twice has the effect of once (RFC 9110, section 9.2.2; TRACE is refused). */
export function isIdempotentMethod(method: string): boolean {
  return isSafeMethod(method) || method === 'PUT' || method === 'DELETE';
}
