import type { ServerConfig } from '../core/snapshot.ts';
import { LIMITS } from '../core/limits.ts';
import { serviceHost } from '../core/service-name.ts';
import { unixPath } from '../core/unix-address.ts';

/** Why a text names no server, as a message and a hint; or the server. */
export type ServerText = { readonly server: ServerConfig } | Fault;

interface Fault {
  readonly message: string;
  readonly hint: string;
}

/** `unix:/run/app.sock`: an absolute path that fits into the address of a socket. */
export function isUnixAddress(text: string): boolean {
  const path = unixPath(text);
  return path !== null && /^\/[^\0]*[^/\0]$/.test(path) && Buffer.byteLength(path) <= LIMITS.unixPathBytes;
}

const UNIX_FAULT: Fault = {
  message: 'expected the path of a unix socket',
  hint: `write an absolute path of ${LIMITS.unixPathBytes} bytes at the most: unix:/run/app.sock`,
};

const SERVICE_FAULT: Fault = {
  message: 'expected the name of a service as the DNS has it in SRV records, and no port',
  hint: 'for example: http+srv://_http._tcp.shop.internal',
};

/** `http+srv://_http._tcp.shop.internal`: its SRV records say addresses, ports and weights. */
function parseService(text: string): ServerText | null {
  const parts = /^(https?)\+srv:\/\/(.*)$/i.exec(text);
  if (parts === null) return null;
  const host = serviceHost(parts[2] ?? '');
  if (host === null) return SERVICE_FAULT;
  return { server: { scheme: parts[1]?.toLowerCase() === 'https' ? 'https' : 'http', host, port: 0 } };
}

/** Reads the URL of a server: scheme, host and port, and nothing else; or a unix socket, or a service. Never quotes the text it refuses. */
export function parseServer(text: string): ServerText {
  if (unixPath(text) !== null) {
    return isUnixAddress(text) ? { server: { scheme: 'http', host: text, port: 0 } } : UNIX_FAULT;
  }
  const service = parseService(text);
  if (service !== null) return service;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    return {
      message: 'expected the URL of a server',
      hint: 'write it with its scheme: http://127.0.0.1:8081',
    };
  }
  const url = URL.parse(text);
  if (url === null) return { message: 'this URL cannot be read', hint: 'for example: http://127.0.0.1:8081' };
  const fault = serverFault(url, text);
  if (fault !== null) return fault;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const usual = scheme === 'https' ? 443 : 80;
  return { server: { scheme, host, port: url.port === '' ? usual : Number(url.port) } };
}

function serverFault(url: URL, text: string): Fault | null {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return {
      message: 'expected a URL that starts with http:// or https://',
      hint: 'for example: http://127.0.0.1:8081',
    };
  }
  if (url.username !== '' || url.password !== '') {
    return { message: 'a server takes no user and password', hint: 'remove the part before the @' };
  }
  if (url.pathname !== '/' || /[?#]/.test(text)) {
    return { message: 'a server has no path and no query', hint: 'end the URL after its port' };
  }
  if (url.port === '0')
    return { message: 'a server has a port above 0', hint: 'write the port it listens on' };
  return null;
}
