import type { NameRule } from '../core/snapshot.ts';

/** What is wrong with a rule, and how it would be right. */
export interface RuleFault {
  readonly message: string;
  readonly hint: string;
}

/** Printable ASCII without quotes and backslashes: no certificate with another name is let in. */
const PLAIN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Reads who is let in. A star stands at the end of a URI, behind a slash, or at the beginning of a host or an address,
 * before a dot or an @: a prefix that ends inside of a name would let in names that begin like it.
 */
export function readNameRule(type: NameRule['type'], text: string): NameRule | RuleFault {
  if (!PLAIN.test(text)) return { message: 'no certificate can have this name', hint: EXAMPLES[type] };
  const stars = text.split('*').length - 1;
  if (stars === 0) return exactRule(type, text);
  const value = text.replace('*', '');
  const isPlaced =
    type === 'uri'
      ? /^[a-z][a-z0-9+.-]*:\/\/[^/*]+\/(?:[^*]*\/)?\*$/i.test(text)
      : type === 'dns'
        ? /^\*\.[a-z0-9.-]+$/i.test(text)
        : /^\*@[a-z0-9.-]+$/i.test(text);
  if (stars > 1 || !isPlaced)
    return { message: 'the star stands where it would let in others', hint: EXAMPLES[type] };
  return {
    type,
    match: type === 'uri' ? 'prefix' : 'suffix',
    value: type === 'uri' ? value : value.toLowerCase(),
  };
}

const EXAMPLES: Readonly<Record<NameRule['type'], string>> = {
  uri: 'write spiffe://shop.example/ns/web, or spiffe://shop.example/ns/* for all below it',
  dns: 'write client.shop.example, or *.shop.example for all below it',
  email: 'write ops@shop.example, or *@shop.example for all of it',
};

function exactRule(type: NameRule['type'], text: string): NameRule | RuleFault {
  const isOne =
    type === 'uri'
      ? /^[a-z][a-z0-9+.-]*:./i.test(text)
      : type === 'dns'
        ? /^[a-z0-9._-]+$/i.test(text)
        : /^[^@]+@[a-z0-9.-]+$/i.test(text);
  if (!isOne) return { message: `this is no ${WORDS[type]}`, hint: EXAMPLES[type] };
  const at = text.lastIndexOf('@');
  const value =
    type === 'dns'
      ? text.toLowerCase()
      : type === 'uri'
        ? text
        : text.slice(0, at) + text.slice(at).toLowerCase();
  return { type, match: 'exact', value };
}

const WORDS: Readonly<Record<NameRule['type'], string>> = {
  uri: 'URI',
  dns: 'host name',
  email: 'e-mail address',
};
