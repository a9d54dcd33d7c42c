import { bench, do_not_optimize, summary } from 'mitata';
import * as jsondiffpatch from 'jsondiffpatch';
import microdiff from 'microdiff';
import { createPatch } from 'rfc6902';
import { comparePair, type ComparedPair } from '../../src/diff/compare.ts';

/** A body of a shop, as JSON of about so many bytes. @param price of an item in the middle */
export function shopBody(bytes: number, price: number): Buffer {
  const item = (id: number) => ({
    id,
    sku: `sku-${id}`,
    name: `Thing number ${id} in blue`,
    price: id === Math.floor(bytes / 320) ? price : 10 + id / 4,
    stock: (id * 7) % 31,
    tags: ['new', 'blue'],
    seller: { id: id % 9, name: 'Ann', rating: 4.5 },
  });
  const items: ReturnType<typeof item>[] = [];
  const text = () => JSON.stringify({ page: 1, total: 4711, items, links: { next: '/items?page=2' } });
  while (text().length < bytes) items.push(item(items.length));
  return Buffer.from(text());
}

const FIELDS = ['Content-Type', 'application/json', 'Cache-Control', 'no-store', 'X-Request-Id', 'r-1'];

function pairOf(legacy: Buffer, candidate: Buffer): ComparedPair {
  const answer = (body: Buffer) => ({ status: 200, fields: FIELDS, body, bodyBytes: body.length });
  return {
    requestId: 'r-1',
    method: 'GET',
    conditional: false,
    endpoint: 'GET /items',
    target: '/items',
    legacy: answer(legacy),
    candidate: answer(candidate),
  };
}

/** Whether bodies differ and where: from bytes to a result, beside what others make of the same bytes. */
export function differences(): void {
  const patcher = jsondiffpatch.create({ cloneDiffValues: false });
  for (const kib of [1, 20]) {
    for (const [what, price] of [
      ['equal', 1],
      ['one field differs', 2],
    ] as const) {
      const [one, other] = [shopBody(kib * 1_024, 1), shopBody(kib * 1_024, price)];
      const pair = pairOf(one, other);
      const parsed = (): [object, object] => [
        JSON.parse(one.toString()) as object,
        JSON.parse(other.toString()) as object,
      ];
      const name = `${kib} KiB, ${what}`;
      summary(() => {
        bench(`${name}: cutover, with status and fields`, () => {
          do_not_optimize(comparePair(pair));
        }).baseline(true);
        bench(`${name}: jsondiffpatch`, () => {
          do_not_optimize(patcher.diff(...parsed()));
        });
        bench(`${name}: microdiff`, () => {
          do_not_optimize(microdiff(...parsed()));
        });
        bench(`${name}: rfc6902`, () => {
          do_not_optimize(createPatch(...parsed()));
        });
      });
    }
  }
}
