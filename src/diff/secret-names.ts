/** A name that holds one of these (lower case, letters and digits only) names a secret or a person's datum. */
const SENSITIVE_PARTS = (
  'authorization cookie token secret passw passphrase passcode pwd apikey accesskey ' +
  'privatekey credential session csrf xsrf signature jwt bearer creditcard ' +
  'cardnumber iban cvv ssn email phone birth msisdn'
).split(' ');
/** Too short to be looked for inside of others: the name is one of these. */
const SENSITIVE_NAMES = new Set(['sid', 'pin', 'otp', 'auth', 'pan', 'cvc', 'key', 'nonce']);
/** The name is one of these, or made of it and other words: `user_pw`, `homeTel`. */
const SENSITIVE_WORDS = new Set(['pw', 'pass', 'tel', 'mobile', 'fax']);
const WORD = /[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g;

/** Whether values under this header name, JSON key or attribute are hidden whatever they look like. */
export function isSensitiveName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  if (SENSITIVE_NAMES.has(plain) || SENSITIVE_PARTS.some((part) => plain.includes(part))) return true;
  return name.match(WORD)?.some((word) => SENSITIVE_WORDS.has(word.toLowerCase())) ?? false;
}
