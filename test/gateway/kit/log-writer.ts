import { LogFile } from '../../../src/gateway/log-file.ts';

/**
 * A process that appends numbered lines to a log that it rotates: file, its name, number of batches, lines a batch,
 * bytes at which the log is moved away. It prints how many lines it lost.
 */
const [file = '', name = '', batches = '0', lines = '0', maxBytes = '0'] = process.argv.slice(2);
const log = new LogFile(file, { maxBytes: Number(maxBytes), maxAgeMs: 0, keep: 1 }, (message) => {
  process.stderr.write(`${message}\n`);
});
let number = 0;
for (let batch = 0; batch < Number(batches); batch += 1) {
  let text = '';
  for (let line = 0; line < Number(lines); line += 1) {
    text += `${JSON.stringify({ name, number, padding: 'x'.repeat(number % 400) })}\n`;
    number += 1;
  }
  log.append(text);
  await new Promise((resolve) => setImmediate(resolve));
}
await log.close();
process.stdout.write(String(log.dropped));
