import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ConfigWatch } from '../../src/control/config-watch.ts';
import { folderWith } from '../config/kit.ts';
import { until } from '../kit/until.ts';

/** A watch with everything that it reported. */
async function watching(configFile: string, files: () => readonly string[] = () => []): Promise<string[]> {
  const heard: string[] = [];
  const onChange = async (what: string): Promise<void> => void heard.push(what);
  const watch = await ConfigWatch.start({ configFile, files, onChange, intervalMs: 20 });
  onTestFinished(() => watch.stop());
  return heard;
}

test('a file that is renamed into place is seen, once', async () => {
  const folder = folderWith({ 'cutover.yaml': 'a: 1' });
  const file = join(folder, 'cutover.yaml');
  const heard = await watching(file);
  writeFileSync(join(folder, 'new.yaml'), 'a: 2');
  renameSync(join(folder, 'new.yaml'), file);
  await until(() => heard.length > 0, 'the change');
  expect(heard).toEqual(['cutover.yaml']);
});

test('a swap of the links of a ConfigMap is seen', async () => {
  const folder = folderWith({});
  for (const version of ['..1', '..2']) {
    mkdirSync(join(folder, version));
    writeFileSync(join(folder, version, 'cutover.yaml'), 'a: 1');
  }
  symlinkSync('..1', join(folder, '..data'));
  symlinkSync('..data/cutover.yaml', join(folder, 'cutover.yaml'));
  const heard = await watching(join(folder, 'cutover.yaml'));
  symlinkSync('..2', join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  await until(() => heard.length > 0, 'the swap');
  expect(heard).toEqual(['cutover.yaml']);
});

test('files that the configuration names are looked at, and those that a change adds', async () => {
  const folder = folderWith({ 'cutover.yaml': '', 'a.pem': '1', 'b.pem': '1' });
  const place = (name: string): string => join(folder, name);
  let names = ['a.pem'];
  const heard = await watching(place('cutover.yaml'), () => names.map(place));
  writeFileSync(place('b.pem'), 'unknown still');
  writeFileSync(place('a.pem'), '2');
  await until(() => heard.length === 1, 'the change of a.pem');
  names = ['a.pem', 'b.pem'];
  writeFileSync(place('cutover.yaml'), 'names b');
  await until(() => heard.length === 2, 'the change of the configuration');
  // Whatever is written is newer than what it was found with, once it was found.
  const rewriting = setInterval(() => writeFileSync(place('b.pem'), 'changed'), 200);
  onTestFinished(() => clearInterval(rewriting));
  await until(() => heard.length >= 3, 'the change of b.pem');
  expect(heard.slice(0, 3)).toEqual(['a.pem', 'cutover.yaml', 'b.pem']);
});

test('a configuration that is gone for a moment is not reported before it is back', async () => {
  const folder = folderWith({ 'cutover.yaml': 'a: 1' });
  const file = join(folder, 'cutover.yaml');
  const heard = await watching(file, () => [join(folder, 'other')]);
  renameSync(file, join(folder, 'kept'));
  writeFileSync(join(folder, 'other'), 'something else that changes');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(heard).toEqual([]);
  renameSync(join(folder, 'kept'), file);
  await until(() => heard.length > 0, 'the return');
});
